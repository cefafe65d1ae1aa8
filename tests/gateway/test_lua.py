"""The functions of kong.yml, run by LuaJIT as Kong runs them, against the part of Kong they use.

That part is none of Kong: where GATEWAY_TEST_URL names a real one, the other tests run them there.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kong.problem import Problem, problems
from kong.render import TEMPLATE, render
from kong.settings import GatewaySettings

pytestmark = pytest.mark.skipif(
    shutil.which("luajit") is None and "CI" not in os.environ,
    reason="luajit is not installed: tests/install-tools.sh",
)

PDK = Path(__file__).with_name("pdk.lua")
V1, V2 = "user_service_v1_upstream", "user_service_v2_upstream"
KNOWN = {problem.status: problem for problem in problems()}

Request = dict[str, Any]


def request(**changed: object) -> Request:
    """What Kong knows of a request that a service has answered, but for what is changed."""
    service = {"name": "kong_user_service"}
    known: Request = {
        "service": service,
        "route": {"tags": ["GET=list_orders", "POST=create_order"]},
        "source": "service",
        "status": 200,
        "scheme": "http",
        "method": "GET",
        "headers": {},
        "answer": {},
        "variables": {"gateway_operation": "", "gateway_caller": ""},
    }
    return {**known, **changed}


def lua(value: object) -> str:
    """The value as Lua writes it."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[ {lua(k)} ]={lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ",".join(map(lua, value)) + "}"
    if isinstance(value, str):
        assert "]==]" not in value
        return f"[==[\n{value}]==]"
    return "nil" if value is None else str(value)


def run(plugin: str, phase: str, requests: Iterable[Request], p: int = 30) -> list[Request]:
    """What one worker makes of the requests, with the function of that plugin and phase."""
    text, _ = render(GatewaySettings(p_value=p), p)
    plugins = {each["name"]: each for each in yaml.safe_load(text)["plugins"]}
    (code,) = plugins[plugin]["config"][phase]
    return execute(code, requests)


def execute(code: str, requests: Iterable[Request]) -> list[Request]:
    """What a function makes of the requests."""
    ended = subprocess.run(
        ["luajit", str(PDK)],
        input=lua({"code": code, "requests": list(requests)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def split(requests: Iterable[Request], p: int) -> list[str | None]:
    """Where they go."""
    return [each.get("upstream") for each in run("post-function", "access", requests, p)]


def error(status: int, body: str = "?") -> Request:
    """An error of the gateway's own, and what it answers."""
    own = request(source="exit", status=status, body=body, answer={"Content-Length": "1"})
    (answered,) = run("pre-function", "header_filter", [own])
    (answered,) = run("pre-function", "body_filter", [{**own, "answer": answered["answer"]}])
    return answered


def test_all_lua_is_in_the_configuration() -> None:
    """Every file of it, and Kong's plugins run no other."""
    names = {file.name for file in TEMPLATE.parent.glob("*.lua")}
    assert names == {name for name in names if f"${{{name}}}" in TEMPLATE.read_text()} != set()


@pytest.mark.parametrize("p", [0, 1, 30, 50, 99, 100])
def test_of_any_hundred_requests_p_go_to_version_1(p: int) -> None:
    """Wherever a worker begins to count."""
    sent = split([request()] * 1000, p)
    for begin in range(900):
        assert Counter(sent[begin : begin + 100]) == +Counter({V1: p, V2: 100 - p})


def test_the_split_is_spread_evenly() -> None:
    """At 50 they take turns."""
    sent = split([request()] * 100, 50)
    assert len(set(sent[::2])) == len(set(sent[1::2])) == 1


def test_no_other_service_is_split() -> None:
    """Neither orders nor what is not proxied, and neither of them counts."""
    orders, unknown = request(service={"name": "kong_order_service"}), request(service=None)
    assert set(split([orders, unknown] * 50, 50)) == {None}
    assert split([request(), orders] * 100, 50).count(V1) == 50


@pytest.mark.parametrize("problem", KNOWN.values(), ids=lambda problem: str(problem.status))
def test_an_error_of_the_gateways_own_is_a_problem(problem: Problem) -> None:
    """With the words of problems.txt, as the stand-in says them."""
    answered = error(problem.status)
    assert answered["body"] == problem.body()
    assert answered["answer"]["Content-Type"] == "application/problem+json"
    assert "Content-Length" not in answered["answer"]
    assert ("Retry-After" in answered["answer"]) == (problem.status == 503)


def test_an_error_that_the_table_does_not_know_is_a_problem() -> None:
    """It says that the gateway failed."""
    problem = json.loads(error(599)["body"])
    assert (problem["type"], problem["status"]) == ("urn:aware:problem:gateway-error", 599)


def test_headers_that_are_too_large_are_named() -> None:
    """Kong makes a 400 of nginx's 494, and only its message says what it was."""
    message = '{"type":"about:blank","title":"Request header or cookie too large","requestId":"1"}'
    problem = json.loads(error(400, message)["body"])
    assert (problem["type"], problem["status"]) == (
        "urn:aware:problem:header-fields-too-large",
        400,
    )


def test_an_answer_of_a_service_keeps_its_body_and_media_type() -> None:
    """Also when it is an error."""
    answer = request(status=500, body="mine", answer={"Content-Type": "text/plain"})
    (filtered,) = run("pre-function", "header_filter", [answer])
    assert filtered["answer"]["Content-Type"] == "text/plain"
    assert run("pre-function", "body_filter", [answer])[0]["body"] == "mine"


@pytest.mark.parametrize("source", ["service", "exit"])
def test_every_answer_is_neither_sniffed_nor_stored(source: str) -> None:
    """A browser is told to come by TLS only where it did."""
    plain = request(source=source)
    secure = request(source=source, scheme="https")
    answers = [each["answer"] for each in run("pre-function", "header_filter", [plain, secure])]
    for answer in answers:
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answers[0]
    assert answers[1]["Strict-Transport-Security"] == "max-age=31536000"


def test_a_service_may_say_what_is_stored() -> None:
    """Its own Cache-Control stays."""
    own = request(answer={"Cache-Control": "max-age=60"})
    (answered,) = run("pre-function", "header_filter", [own])
    assert answered["answer"]["Cache-Control"] == "max-age=60"


def test_what_a_client_claims_to_be_is_removed() -> None:
    """Every header in which key-auth tells a service who calls; no other."""
    claimed = {"X-Consumer-Username": "shop", "X-Consumer-ID": "1", "X-Credential-Identifier": "2"}
    (left,) = run("pre-function", "access", [request(headers={**claimed, "X-Own": "yes"})])
    assert left["headers"] == {"X-Own": "yes"}


def test_the_log_names_caller_and_operation() -> None:
    """As key-auth found the one, and the route's tags name the other."""
    known = request(method="POST", consumer={"username": "shop"})
    unknown = request(method="PATCH", route=None)
    logged = [each["variables"] for each in run("pre-function", "log", [known, unknown])]
    assert logged == [
        {"gateway_operation": "create_order", "gateway_caller": "shop"},
        {"gateway_operation": "", "gateway_caller": ""},
    ]


def test_a_kong_without_our_log_logs_as_it_does() -> None:
    """One that was started by somebody else has no such variables."""
    run("pre-function", "log", [request(variables={}, consumer={"username": "shop"})])


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("OPTIONS", "/orders/o1", 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "/users", 204, "OPTIONS, POST"),
        ("DELETE", "/orders/", 405, "GET, HEAD, OPTIONS, POST"),
        ("GET", "/users/u1", 405, "OPTIONS, PUT"),  # GET is internal there
        ("GET", "/orders/o1/status/more", 404, None),
        ("GET", "/orders/o.1", 404, None),  # which is no id
        ("OPTIONS", "/metrics", 404, None),
    ],
)
def test_what_no_route_takes_is_told_the_methods_of_its_path(
    method: str, path: str, status: int, allowed: str | None
) -> None:
    """Of the public operations alone; what has none is not there."""
    text, _ = render(GatewaySettings(p_value=30), 30)
    (unknown,) = yaml.safe_load(text)["routes"]
    (code,) = unknown["plugins"][0]["config"]["access"]
    (answered,) = execute(code, [request(method=method, path=path, source="exit")])
    assert answered["status"] == status
    assert answered["answer"].get("Allow") == allowed
