"""Paths, methods and parameters of specs that are not ours."""

from urllib.parse import urlsplit

import httpx
import pytest

from tests.strict.wire import Answer, Connection


def raw(api: httpx.Client, data: bytes) -> Answer:
    """What is answered to bytes as they stand."""
    with Connection(f"{api.base_url.host}:{api.base_url.port}") as connection:
        connection.send(data)
        answer = connection.receive()
    assert answer is not None
    return answer


def test_a_literal_path_goes_before_a_template(api: httpx.Client) -> None:
    """In whatever order they stand in the spec."""
    assert api.get("/things/search").json() == {"operation": "search_things"}
    assert api.get("/things/other").json() == {"operation": "get_thing", "id": "other"}


def test_a_template_may_be_a_part_of_a_segment(api: httpx.Client) -> None:
    """Its parameters are checked as others are."""
    answer = api.get("/things/a1/abc.png")
    assert answer.json() == {"operation": "get_part", "id": "a1", "part": "abc", "type": "png"}
    assert api.get("/things/a1/abc.gif").status_code == 400
    assert api.get("/things/a1/toolong.png").status_code == 400
    assert api.get("/things/a1/abc").status_code == 404


def test_without_the_path_of_the_servers_nothing_is_found(api: httpx.Client) -> None:
    """The path of the servers is a part of each path."""
    url = api.base_url.copy_with(path="/things/search")
    assert httpx.get(url).status_code == 404


def test_a_path_is_the_same_encoded_or_not(api: httpx.Client) -> None:
    """Whatever the spec writes, and whatever the client does."""
    for path in ("/with%20space/%C3%A9", "/with%20space/é", "/%77ith%20space/%C3%A9/"):
        assert api.get(path).json() == {"operation": "spaced"}


def test_a_slash_at_the_end_changes_nothing(api: httpx.Client) -> None:
    """In either direction."""
    assert api.get("/slash").json() == api.get("/slash/").json() == {"operation": "get_slash"}
    assert api.get("/things/search/").json() == {"operation": "search_things"}


def test_an_operation_without_a_name_gets_one(api: httpx.Client) -> None:
    """Made of method and path; so are its parameters' names."""
    answer = api.get("/no-name/5")
    assert answer.json() == {"operation": "get_no_name_some_id", "some_id": 5}
    wrong = api.get("/no-name/five")
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (400, "some-id")


def test_names_that_are_none_in_python_are_mapped(api: httpx.Client) -> None:
    """Keywords, brackets, dollars, letters beyond ASCII, and names that clash."""
    query: dict[str, str | int] = {
        "id": "b",
        "from": 1,
        "page[size]": 5,
        "$filter": "x",
        "body": "y",
    }
    query["Straße"] = "z"
    answer = api.post("/names/a", params=query, json={"tree": {"name": "n"}})
    given = answer.json()
    assert given.pop("operation") == "class_"
    assert given.pop("body") == {"tree": {"name": "n"}}
    assert given.pop("id") == "a"
    assert sorted(map(str, given.values())) == ["1", "5", "b", "x", "y", "z"]
    assert {"from_", "page_size", "filter", "id_query", "body_query"} < {*given}


def test_a_body_that_may_be_left_out_is_none(api: httpx.Client) -> None:
    """And a default stands in for a parameter that was left out."""
    given = api.post("/names/a").json()
    assert (given["body"], given["page_size"], given["from_"]) == (None, 20, None)


def test_parameters_are_typed_and_completed(api: httpx.Client) -> None:
    """An operation's stands in for its path's; a default may stand behind `allOf`."""
    given = api.get("/typed", params={"needed": "a"}).json()
    assert given == {
        "operation": "typed",
        "limit": 10,
        "shared": None,
        "flag": None,
        "ratio": None,
        "behind": 3,
        "needed": "a",
        "text": None,
    }
    query = {"needed": "a", "flag": "true", "ratio": "1.5", "text": "007", "limit": "100"}
    given = api.get("/typed", params=query).json()
    assert (given["flag"], given["ratio"], given["text"], given["limit"]) == (True, 1.5, "007", 100)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "needed"),
        ("needed=A", "needed"),
        ("needed=a&limit=101", "limit"),
        ("needed=a&limit=x", "limit"),
        ("needed=a&flag=yes", "flag"),
        ("needed=a&ratio=NaN", "ratio"),
        ("needed=a&needed=b", "needed"),
        ("needed=a&unknown=1", "unknown"),
    ],
)
def test_a_wrong_parameter_is_named(api: httpx.Client, query: str, parameter: str) -> None:
    """Missing, of another type, out of bounds, twice, or unknown."""
    answer = api.get(f"/typed?{query}")
    assert answer.status_code == 400
    assert [each.get("parameter") for each in answer.json()["errors"]] == [parameter]


def test_path_items_of_other_files_are_served(api: httpx.Client) -> None:
    """Their references lead on from where they stand."""
    assert api.get("/shared/a").json() == {"operation": "get_shared", "id": "a"}
    answer = api.put("/shared/a", json={"tree": {"name": "toolong"}})
    assert answer.json()["errors"][0]["pointer"] == "#/tree/name"


def test_head_is_wherever_get_is(api: httpx.Client) -> None:
    """Without a body; an operation of its own goes first."""
    head, get = api.head("/things/search"), api.get("/things/search")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert api.head("/own-head").headers["Content-Length"] == str(len(b'{"operation":"own_head"}'))
    assert api.head("/only-post").status_code == 405


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/things/search", "GET, HEAD, OPTIONS"),
        ("/things/x", "DELETE, GET, HEAD, OPTIONS"),
        ("/only-post", "OPTIONS, POST"),
        ("/own-head", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_and_other_methods_tell_what_is_allowed(
    api: httpx.Client, path: str, allowed: str
) -> None:
    """204 to OPTIONS, 405 to what there is not, `Allow` on both."""
    options = api.options(path)
    assert (options.status_code, options.headers["Allow"]) == (204, allowed)
    for method in {"GET", "PUT", "PATCH", "BREW"} - {*allowed.split(", ")}:
        answer = api.request(method, path)
        assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed), method


def test_a_spec_may_have_operations_for_options_and_trace(api: httpx.Client) -> None:
    """They are served as others are."""
    assert api.options("/own-options").json() == {"operation": "own_options"}
    assert api.request("TRACE", "/own-options").json() == {"operation": "own_trace"}


@pytest.mark.parametrize(
    "path", ["/nothing", "/things", "/things/a/b/c", "/x-of-paths", "//things/a"]
)
def test_what_is_in_no_spec_is_not_found(api: httpx.Client, path: str) -> None:
    """Whatever the method."""
    url = f"http://{api.base_url.host}:{api.base_url.port}/api{path}"
    for method in ("GET", "POST", "OPTIONS"):
        assert httpx.request(method, url).status_code == 404


def test_the_pages_show_the_whole_spec_in_one_document(api: httpx.Client) -> None:
    """Links and webhooks among it, and no reference to another file."""
    document = httpx.get(api.base_url.copy_with(path="/openapi.json"))
    assert ".yaml" not in document.text
    assert "links" in document.text


def test_an_absolute_target_is_accepted(api: httpx.Client) -> None:
    """RFC 9112, 3.2.2: as a proxy would be sent it."""
    path = "/api/things/search"
    target = f"http://service.example{path}"
    answer = raw(api, f"GET {target} HTTP/1.1\r\nHost: service.example\r\n\r\n".encode())
    assert (answer.status, answer.json()) == (200, {"operation": "search_things"})
    query = f"GET {target.replace('search', 'x')}?a=b HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert raw(api, query).status == 400
    bare = b"GET http://service.example HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(api, bare).status == 404


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"])
def test_http_1_1_wants_one_host(api: httpx.Client, hosts: str) -> None:
    """None is 400, and so are two (RFC 9112, 3.2)."""
    answer = raw(api, f"GET /api/things/search HTTP/1.1\r\n{hosts}\r\n".encode())
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_http_1_0_needs_no_host(api: httpx.Client) -> None:
    """It knew none."""
    assert raw(api, b"GET /api/things/search HTTP/1.0\r\n\r\n").status == 200
    assert urlsplit(str(api.base_url)).path == "/api/"
