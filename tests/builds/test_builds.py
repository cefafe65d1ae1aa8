"""What one build answers, the other answers too."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from contract.bindable import load_api
from local.stack import Stack
from models.fields.user import User
from openapi.description import Description
from tests.builds.comparison import Step, first_difference
from tests.builds.sequences import SEQUENCES

SPECS = Path(__file__).parents[2] / "specs"
EXAMPLES = int(os.environ.get("BUILDS_EXAMPLES", "150"))

compared = settings(
    max_examples=EXAMPLES,
    deadline=None,  # the machine may be busy
    database=None,  # users of an earlier run are not there any more
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def v1(stack: Stack) -> Iterator[httpx.Client]:
    """user-service-v1."""
    with httpx.Client(base_url=stack.ports.url("user-service-v1"), timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def v2(stack: Stack) -> Iterator[httpx.Client]:
    """user-service-v2."""
    with httpx.Client(base_url=stack.ports.url("user-service-v2"), timeout=30) as client:
        yield client


@pytest.mark.timeout(1800)
def test_the_builds_differ_in_what_the_statement_says_alone(
    v1: httpx.Client, v2: httpx.Client
) -> None:
    """Whatever is asked of both, in whatever order: the same but for ids and times.

    BUILDS_EXAMPLES is the number of sequences. A failure shows the shortest that differs.
    """
    tally: Counter[int] = Counter()

    @compared
    @given(steps=SEQUENCES)
    def compare(steps: list[Step]) -> None:
        assert first_difference(v1, v2, steps, tally) is None

    compare()
    assert tally[200] + tally[201] > tally.total() / 5, "mostly refusals, which compare little"
    assert {200, 201, 400, 404, 409} <= tally.keys()


def test_the_statement_says_nothing_but_times() -> None:
    """All that the overlay changes; who changes more has to teach the comparison about it."""
    v1 = load_api(SPECS / "user.yaml")
    v2 = load_api(SPECS / "user.yaml", SPECS / "user-v2.yaml")
    places = [*_differences(_said(v1), _said(v2))]
    assert places
    assert {place[-1] for place in places} == {"description"}


def _said(api: Description) -> dict[str, Any]:
    """All that a description says of its API."""
    return {
        "operations": {each.id: asdict(each) for each in api.operations},
        "schemas": api.schemas,
        "security": api.security_schemes,
    }


def _differences(
    first: dict[str, Any], second: dict[str, Any], place: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Where two documents differ, as names from the root on."""
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name), second.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, (*place, name))
        elif one != other:
            yield (*place, name)


class Changed(httpx.BaseTransport):
    """A build that differs: passes requests on to a real one and changes some answers."""

    def __init__(self, change: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        self._real = httpx.HTTPTransport()
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the real build does, but for the change."""
        response = self._real.handle_request(request)
        response.read()
        return self._change(request, response)

    def close(self) -> None:
        """Close the connections to the real build."""
        self._real.close()


def _with_body(response: httpx.Response, body: object) -> httpx.Response:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return httpx.Response(response.status_code, headers=headers, content=json.dumps(body).encode())


def absolute_location(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Location says where this build is."""
    if "location" in response.headers:
        response.headers["location"] = str(request.url.join(response.headers["location"]))
    return response


def no_404(_: httpx.Request, response: httpx.Response) -> httpx.Response:
    """What is not there is a bad request."""
    if response.status_code == httpx.codes.NOT_FOUND:
        response.status_code = httpx.codes.BAD_REQUEST
    return response


def small_letters(_: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Addresses are answered in small letters."""
    body = response.json()
    if response.is_success:
        body[User.emails] = [each.lower() for each in body[User.emails]]
    return _with_body(response, body)


def null_for_absent(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """After a change, a name that is not there is null."""
    body = response.json()
    if response.is_success and request.method == "PUT":
        body.setdefault("firstName", None)
    return _with_body(response, body)


def conflict_unnamed(_: httpx.Request, response: httpx.Response) -> httpx.Response:
    """409 does not say which address is taken."""
    body = response.json()
    if response.status_code == httpx.codes.CONFLICT:
        del body["errors"]
    return _with_body(response, body)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("change", "methods"),
    [
        (absolute_location, ["POST"]),
        (no_404, ["GET"]),
        (small_letters, ["POST"]),
        (null_for_absent, ["POST", "PUT"]),
        (conflict_unnamed, ["POST", "POST"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_build_that_differs_is_found_with_the_shortest_sequence(
    v1: httpx.Client,
    v2: httpx.Client,
    change: Callable[[httpx.Request, httpx.Response], httpx.Response],
    methods: list[str],
) -> None:
    """Else the comparison could not fail."""
    with httpx.Client(base_url=v2.base_url, timeout=30, transport=Changed(change)) as other:
        shortest = find(
            SEQUENCES,
            lambda steps: first_difference(v1, other, steps, Counter()) is not None,
            settings=settings(
                compared,
                phases=[Phase.generate, Phase.shrink],
                max_examples=2000,
                derandomize=True,  # a proof that can be repeated
            ),
        )
    assert [step.method for step in shortest] == methods, repr(shortest)
