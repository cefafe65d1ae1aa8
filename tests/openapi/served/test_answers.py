"""What handlers answer, as it arrives: values, media types, statuses, headers."""

import httpx
import pytest

from tests.openapi.served.answering import TRANSFER
from tests.openapi.served.conftest import PROBLEM, ask


def test_a_value_is_json(service: httpx.Client) -> None:
    """With the first success that the spec declares."""
    answer = ask(service, "value")
    assert (answer.status_code, answer.content) == (200, b'{"a":[1,null]}')
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == "14"
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("case", "body"),
    [("text", '"text"'), ("number", "1.5"), ("none", "null"), ("bytes", '{"raw": 1}')],
)
def test_any_value_of_json_is_one(service: httpx.Client, case: str, body: str) -> None:
    """Also null, where the schema knows it; bytes are JSON already."""
    assert ask(service, "value", case).text == body


def test_formats_are_written_as_openapi_has_them(service: httpx.Client) -> None:
    """Moments in UTC and in milliseconds, decimals as they are counted, bytes in base64."""
    assert ask(service, "value", "kinds").json() == {
        "naive": "2026-11-22T10:15:30.123Z",
        "utc": "2026-11-22T10:15:30.123Z",
        "east": "2026-11-22T04:45:30.123Z",
        "day": "2026-11-22",
        "decimal": "100",
        "uuid": "08884b79-e16c-4976-a52e-ba1b2b62cfaa",
        "bytes": "aGk=",
        "large": 10**30,
    }


ACCEPT: list[tuple[str, str]] = [
    ("", "application/json"),
    ("*/*", "application/json"),
    ("application/*", "application/json"),
    ("text/*", "text/csv"),
    ("TEXT/CSV", "text/csv"),
    ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
    ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
    ("text/csv;q=0.5, application/json;q=0.5", "application/json"),
    ("text/csv, */*;q=0.1", "text/csv"),
    ("application/json;q=0, */*", "text/csv"),
    ("application/json;q=0.1, application/*;q=0.9, text/csv;q=0.5", "application/vnd.rows+json"),
    ("application/vnd.rows+json", "application/vnd.rows+json"),
    ("application/vnd.rows+json;version=2", "application/vnd.rows+json"),
    ('application/vnd.rows+json; VERSION="2"', "application/vnd.rows+json"),
    ("application/vnd.rows+json;version=1, text/csv;q=0.1", "text/csv"),
    ("application/json;charset=utf-8", "application/json"),
    ("text/csv;charset=UTF-8", "text/csv"),
    ("text/csv;charset=latin-1, application/json;q=0.1", "application/json"),
    ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"),
    (",, text/csv ,,", "text/csv"),
    ("text/csv;;", "text/csv"),
    ('text/html;a="x, text/csv", */*;q=0.1', "application/json"),
    ("nonsense", "application/json"),
    ("text/csv;q=2, application/json", "application/json"),
    ("text/csv;q=x", "application/json"),
    ("*/csv", "application/json"),
    ('"', "application/json"),
]
"""What a client takes, and what it gets of JSON, CSV and a JSON of a vendor's."""


@pytest.mark.parametrize(("accept", "media_type"), ACCEPT)
def test_a_client_gets_what_it_likes_best(
    service: httpx.Client, accept: str, media_type: str
) -> None:
    """RFC 9110, 12.5.1: weights, then what is more specific, then the order of the spec."""
    answer = ask(service, "several", Accept=accept)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].partition(";")[0] == media_type
    assert answer.headers["Vary"] == "Accept"
    if media_type == "text/csv":
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.text == 'name,size\r\n"a,b",1\r\n"c""d",\r\n'
    else:
        assert answer.json() == [{"name": "a,b", "size": 1}, {"name": 'c"d', "size": None}]


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*, text/plain"])
def test_what_no_answer_can_be_is_refused(service: httpx.Client, accept: str) -> None:
    """406, as a problem, which is sent whatever a client takes."""
    answer = ask(service, "several", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)
    assert answer.headers["Vary"] == "Accept"
    assert "text/csv" in answer.json()["detail"]


def test_it_is_refused_before_the_handler_runs(plain: httpx.Client) -> None:
    """A POST is not carried out and then refused."""
    before = ask(plain, "value", "events").json()
    refused = ask(plain, "several", "stream", "POST", Accept="image/png")
    assert refused.status_code == 406
    assert ask(plain, "value", "events").json() == before
    # Only the other success has that media type: what was done is told in another.
    assert ask(plain, "several", None, "POST", Accept="text/plain").json()[0]["size"] == 1
    assert ask(plain, "several", None, Accept="application/xml").status_code == 406


def test_a_problem_is_sent_whatever_a_client_takes(service: httpx.Client) -> None:
    """It is no representation of what was asked for."""
    answer = ask(service, "several", "stream-broken", Accept="text/csv")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)


@pytest.mark.parametrize(
    ("accept", "body", "media_type"),
    [
        ("*/*", b'[{"name":"a,b","size":1},{"name":"c\\"d","size":null}]', "application/json"),
        ("application/xml", b"<rows/>", "application/xml"),
    ],
)
def test_a_handler_may_give_several_representations(
    service: httpx.Client, accept: str, body: bytes, media_type: str
) -> None:
    """Of which only the one that is sent is made; its own `Vary` is kept."""
    answer = ask(service, "several", "representations", Accept=accept)
    assert (answer.content, answer.headers["Content-Type"]) == (body, media_type)
    assert answer.headers.get_list("Vary") == ["Cookie", "Accept"]
    assert answer.headers["X-Kind"] == "two"


@pytest.mark.parametrize(
    ("path", "case", "media_type"),
    [
        ("image", "png", "image/png"),
        ("image", "jpeg-with-parameters", 'image/jpeg; q-table="x y"'),
        ("image", "file-by-name", "image/png"),
        ("any", "png", "image/png"),
        ("any", "html", "text/html; charset=utf-8"),
        ("any", "bytes", "application/octet-stream"),
        ("any", "text", "text/plain; charset=utf-8"),
        ("any", "number", "application/json"),
        ("any", "none", "application/json"),
        ("several", "csv", "text/csv; charset=utf-8"),
        ("several", "form", "application/x-www-form-urlencoded"),
        ("bytes", None, "application/octet-stream"),
        ("text", None, "text/plain; charset=utf-8"),
        ("text", "latin", "text/plain; charset=ISO-8859-1"),
    ],
)
def test_a_media_type_is_the_one_that_is_declared_or_named(
    service: httpx.Client, path: str, case: str | None, media_type: str
) -> None:
    """A handler names one that is declared, or one within a range that is."""
    answer = ask(service, path, case)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        203 if case == "latin" else 200,
        media_type,
    )


def test_texts_rows_and_forms_are_encoded(service: httpx.Client) -> None:
    """Each as its media type has it."""
    assert ask(service, "text", "latin").content == "Straße".encode("latin-1")
    assert ask(service, "text", "number-as-text").content == b"7"
    assert ask(service, "several", "csv").content == b"a,1\r\nb,\r\n"
    assert ask(service, "several", "form").content == b"a=1&a=2&b=x+y&d=true"


STATUSES: list[tuple[str, str | None, int, bytes]] = [
    ("POST created", "created", 201, b'{"name":"a"}'),
    ("POST created", "none", 202, b""),
    ("DELETE empty", None, 204, b""),
    ("DELETE empty", "unmodified", 304, b""),
    ("GET undescribed", None, 200, b""),
    ("GET ranges", None, 200, b'{"name":"a"}'),
    ("GET ranges", "teapot", 418, b"3"),
    ("GET ranges", "not-found-text", 404, b"none"),
    ("GET defaulted", None, 200, b'{"name":"a"}'),
    ("GET nullable", None, 200, b"null"),
    ("GET nullable", "text", 200, b'"text"'),
]


@pytest.mark.parametrize(("operation", "case", "status", "body"), STATUSES)
def test_a_status_is_the_first_success_that_holds_the_value(
    service: httpx.Client, operation: str, case: str | None, status: int, body: bytes
) -> None:
    """None has no body where one is declared so, or is null; ranges are 200, `default` is."""
    method, path = operation.split()
    answer = ask(service, path, case, method)
    assert (answer.status_code, answer.content) == (status, body), answer.text
    if status in (204, 304):
        assert not {"content-length", "content-type", "transfer-encoding"} & {*answer.headers}


def test_headers_are_written_as_the_spec_has_them(service: httpx.Client) -> None:
    """In the style `simple` or as `content` says; those that are None are left out."""
    headers = ask(service, "created", "created", "POST").headers
    assert headers["Location"] == "/a"
    assert headers["X-Count"] == "3"
    assert headers["X-Flags"] == "true,false"
    assert headers["X-Map"] == "a=1"
    assert headers["X-Json"] == "[1,2]"
    assert headers["X-At"] == "2026-11-22T10:15:30.123Z"
    assert headers["X-More"] == "more"
    assert headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert "X-None" not in headers


WRONG = [
    ("value", "not-json"),
    ("text", "not-text"),
    ("undescribed", "text"),
    ("bytes", "number"),
    ("text", "none"),
    ("image", "unnamed-image"),
    ("image", "html"),
    ("value", "html"),
    ("text", "three-hundred"),
    ("several", "representation-undeclared"),
    ("bytes", "file-missing"),
    ("bytes", "file-folder"),
    ("bytes", "stream-wrong"),
]
"""Answers that no declaration holds."""


@pytest.mark.parametrize(("path", "case"), WRONG)
def test_what_is_not_declared_is_never_sent(service: httpx.Client, path: str, case: str) -> None:
    """500, whether answers are checked or not; nothing is dropped, and nothing guessed."""
    if case == "stream-wrong":
        with pytest.raises(httpx.RemoteProtocolError):
            ask(service, path, case)
        return
    answer = ask(service, path, case)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)


@pytest.mark.parametrize("case", ["framing", "line-break"])
def test_a_header_that_would_break_the_message_is_never_sent(
    service: httpx.Client, case: str
) -> None:
    """Framing is not a handler's business, and no header has line breaks."""
    answer = ask(service, "created", case, "POST")
    assert answer.status_code == 500
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize(
    ("path", "method", "case"),
    [
        ("created", "POST", "created-without-location"),
        ("created", "POST", "created-with-wrong-count"),
        ("ranges", "GET", "not-found-number"),
        ("text", "GET", "wrong-number-as-text"),
        ("ranges", "GET", "number"),
        ("value", "GET", "three-hundred"),
        ("value", "GET", "response-text"),
        ("undescribed", "GET", "response"),
        ("empty", "DELETE", "response-text"),
    ],
)
def test_the_check_of_the_tests_refuses_what_breaks_the_contract(
    checked: httpx.Client, path: str, method: str, case: str
) -> None:
    """Missing and wrong headers, other bodies, and what handlers made themselves."""
    assert ask(checked, path, case, method).status_code == 500


def test_what_is_write_only_is_never_answered(service: httpx.Client) -> None:
    """By value, behind references, in open objects, and in a response that a handler made."""
    told = ask(service, "secret")
    assert told.json() == {"name": "a", "more": {}}
    assert told.headers["Content-Length"] == str(len(told.content))
    own = ask(service, "secret", "response")
    assert (own.json(), own.headers["X-Own"]) == ({"name": "a"}, "1")
    assert own.headers["Content-Length"] == str(len(own.content))


def test_what_is_write_only_in_a_branch_is_not_answered_where_that_branch_is_meant(
    plain: httpx.Client,
) -> None:
    """And where none of them fits, nothing is told that any of them keeps."""
    answer = ask(plain, "secrets", "secrets")
    assert answer.json() == [{"until": "2"}, TRANSFER, {}]


def test_write_only_by_pattern_is_not_answered(checked: httpx.Client) -> None:
    """OpenAPI 3.1 may say it of names."""
    assert ask(checked, "secret", "secret-by-pattern").json() == {"name": "a"}
