"""A path is what the spec says, a method what the request line says, a query what it looks like."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from contract.bindable import load_api
from tests.strict.target import Target, places, problem
from tests.strict.wire import JSON, request

SPECS = Path(__file__).parents[2] / "specs"
SERVICES = {"user-service-v1": "user", "user-service-v2": "user", "order-service": "order"}
"""The spec of each service."""

NOWHERE = {
    "an encoded slash": "{known}%2Fstatus",
    "an encoded slash in lower case": "{known}%2fstatus",
    "an encoded slash for the first": "{place}%2F{id}",
    "an encoded slash at the end": "{place}%2F",
    "an encoded newline at the end of a list": "{place}/%0A",
    "an encoded newline at the end of an id": "{known}%0A",
    "an encoded newline behind a slash": "{known}/%0A",
    "an encoded return": "{known}%0D",
    "an encoded NUL": "{known}%00",
    "an encoded NUL alone": "{place}/%00",
    "an encoded NUL before an ending": "{known}%00.json",
    "an encoded backslash": "{place}%5C{id}",
    "an encoded space": "{known}%20",
    "doubly encoded": "{place}/%2575%2531",
    "bad encoding": "{place}/%zz",
    "half an encoding": "{known}%",
    "no UTF-8": "{place}/%ff",
    "overlong UTF-8": "{place}%c0%af{id}",
    "a dot": "{place}/./{id}",
    "dots": "{place}/../{place}/{id}",
    "encoded dots": "{place}/%2e%2e/{place}/{id}",
    "dots for an id": "{place}/..",
    "encoded dots for an id": "{place}/%2e%2e",
    "dots out of what is beside": "/ui/..{known}",
    "two slashes": "/{known}",
    "two slashes within": "{place}//{id}",
    "two slashes at the end": "{known}//",
    "a semicolon": "{known};x=1",
    "letters of another case": "/USERS/u1",
    "an ending": "{place}.json",
    "a longer path": "{known}/nothing",
    "a template": "{place}/{{id}}",
    "an id of 3000 digits": "{place}/" + "9" * 3000,
    "an id of 65 letters": "{place}/" + "a" * 65,
    "another host's": "http://evil.example/nothing",
    "a scheme alone": "file:///etc/passwd",
    "nothing": "/",
    "an encoded slash to what is beside": "/health%2Flive",
    "an encoded newline to what is beside": "/health/live%0A",
}


@pytest.mark.parametrize("template", NOWHERE.values(), ids=NOWHERE.keys())
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_an_odd_path_leads_nowhere(service: Target, method: str, template: str) -> None:
    """400, 404 or 405: nothing is tidied up until it fits, nothing is served or changed."""
    place = service.path.rstrip("/")
    path = template.format(known=service.known, place=place, id=service.known.rpartition("/")[2])
    answer = service.ask(request(method, path, service.body(), JSON))
    assert answer.status in {400, 404, 405}, answer.body
    told = problem(answer, answer.status)
    assert told["type"] != "urn:aware:problem:bad-request", "this is HTTP"


def test_an_id_of_5000_digits_is_400_or_404(service: Target) -> None:
    """It is neither a number nor too long to be looked at."""
    answer = service.ask(request("GET", service.path + "9" * 5000))
    assert answer.status in {400, 404}
    problem(answer, answer.status)


@pytest.mark.parametrize("escape", ["%75%31", "%6F1", "u%31", "%6f%31"])
def test_an_escaped_letter_is_the_letter(service: Target, escape: str) -> None:
    """RFC 3986: letters and digits are the same, escaped or not."""
    assert service.ask(request("GET", service.path + escape)).status in {200, 404}


def undeclared() -> Iterator[tuple[str, str, str, set[str]]]:
    """Every path of a service with every method that it does not have, and those that it has.

    Wherever there is GET there is HEAD, and everywhere OPTIONS.
    """
    methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}
    for service, spec in SERVICES.items():
        all_operations = load_api(SPECS / f"{spec}.yaml").operations
        for path in dict.fromkeys(each.path for each in all_operations):
            has = {each.method for each in all_operations if each.path == path} | {"OPTIONS"}
            has |= {"HEAD"} if "GET" in has else set()
            yield from ((service, path, method, has) for method in sorted(methods - has))


@pytest.mark.parametrize(("service", "path", "method", "has"), [*undeclared()])
def test_405_names_every_method_of_the_path(
    targets: Mapping[str, Target], service: str, path: str, method: str, has: set[str]
) -> None:
    """In `Allow`, whichever of its operations the spec has first, with either ending."""
    target = targets[service]
    path = path.replace("{id}", target.known.rpartition("/")[2]).rstrip("/")
    for ending in ("", "/"):
        answer = target.ask(request(method, path + ending))
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == has
        if method != "HEAD":
            assert problem(answer, 405)["type"] == "urn:aware:problem:method-not-allowed"


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"]
)
def test_a_method_override_overrides_nothing(service: Target, header: str) -> None:
    """The method is that of the request line."""
    for method in (b"PUT", b"DELETE", b"POST", b"BREW"):
        line = b"%s: %s" % (header.encode(), method)
        assert service.ask(request("GET", service.known, None, line)).status == 200
        assert service.create(service.body(), JSON, line).status == 201
    service.refuse(request("DELETE", service.known, None, f"{header}: GET".encode()), 405)


@pytest.mark.parametrize("query", ["x=1", "id=u2", "_method=DELETE", "limit=1", "=", "%00", "a"])
def test_an_unknown_parameter_is_400(service: Target, query: str) -> None:
    """Wherever the spec has none of that name."""
    told = service.refuse(request("GET", f"{service.known}?{query}"), 400)
    assert len(told["errors"]) == 1
    service.refuse(request("POST", f"{service.path}?{query}", service.body(), JSON), 400)


BAD_QUERIES = {
    "limit twice": "limit=5&limit=5",
    "status twice": "status=shipping&status=delivered",
    "a name escaped, twice": "limit=5&%6Cimit=5",
    "a space before": "limit=%205",
    "a plus for a space": "limit=+5",
    "an encoded plus": "limit=%2B5",
    "a space behind": "limit=5%20",
    "a newline behind": "limit=5%0A",
    "an underscore": "limit=1_0",
    "an Arabic digit": "limit=%D9%A1",
    "a fullwidth digit": "limit=%EF%BC%91",
    "a leading zero": "limit=05",
    "a fraction": "limit=5.0",
    "an exponent": "limit=1e1",
    "hexadecimal": "limit=0x5",
    "no number": "limit=five",
    "empty": "limit=",
    "without a sign of equality": "limit",
    "true": "limit=true",
    "zero": "limit=0",
    "minus zero": "limit=-0",
    "negative": "limit=-1",
    "one too many": "limit=1001",
    "beyond 32 bits": "limit=2147483648",
    "beyond 64 bits": "limit=9223372036854775808",
    "5000 digits": "limit=" + "9" * 3000,
    "an array": "limit[]=5",
    "an object": "status[$ne]=shipping",
    "an unknown status": "status=lost",
    "an empty status": "status=",
    "a status of another case": "status=Shipping",
    "a status and a NUL": "status=shipping%00",
    "a status and a newline": "status=shipping%0A",
    "two statuses": "status=shipping,delivered",
    "no UTF-8": "status=%ff",
    "a surrogate": "status=%ED%A0%80",
    "an empty cursor": "cursor=",
    "a cursor that is padded": "cursor=W10%3D",
    "a cursor with a newline": "cursor=W10%0A",
    "a long cursor": "cursor=" + "a" * 201,
    "a very long cursor": "cursor=" + "a" * 3000,
    "200 parameters": "&".join(f"p{n}=1" for n in range(200)),
    "a semicolon between": "limit=5;status=shipping",
}


@pytest.mark.parametrize("query", BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_query_that_does_not_fit_is_400(orders: Target, query: str) -> None:
    """Nothing is trimmed, guessed or chosen from."""
    told = orders.refuse(request("GET", f"/orders/?{query}"), 400)
    assert told["errors"]


NO_PAGE = {
    "no cursor": "abc",
    "nonsense": "W10",
    "a number too large": "WzFlMzA4LCJvMSIsbnVsbF0",
    "true": "W3RydWUsIm8xIixudWxsXQ",
}


@pytest.mark.parametrize("cursor", NO_PAGE.values(), ids=NO_PAGE.keys())
def test_a_cursor_that_was_never_given_is_404(orders: Target, cursor: str) -> None:
    """It fits the contract, and there is no such page."""
    told = orders.refuse(request("GET", f"/orders/?cursor={cursor}"), 404)
    assert places(told) == ["cursor"]


@pytest.mark.parametrize(
    "query", ["", "limit=5", "limit=1000", "status=under%20process", "status=under+process", "&"]
)
def test_a_query_that_fits_is_served(orders: Target, query: str) -> None:
    """At the limits, and in each way of writing a space."""
    assert orders.ask(request("GET", f"/orders/?{query}")).status == 200
