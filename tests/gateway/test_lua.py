"""The functions of kong.yml, run by LuaJIT as Kong runs them, against the part of Kong they use.

That part is none of Kong: where GATEWAY_TEST_URL names a real one, the other tests run them there.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.problem import Problem, problems
from gateway.render import TEMPLATE, render
from gateway.settings import ApiKey, GatewaySettings
from tests.gateway.tokens import Issuer, encoded, now, p256, signed_with_secret, unsigned

pytestmark = pytest.mark.skipif(
    shutil.which("luajit") is None and "CI" not in os.environ,
    reason="luajit is not installed: tests/install-tools.sh",
)

PDK = Path(__file__).with_name("pdk.lua")
V1_PROCESS = "user-service-v1"
V1, V2 = "user_service_v1_upstream", "user_service_v2_upstream"
ISSUER = Issuer()
PLAIN = GatewaySettings(p_value=30)
KNOWN = {problem.status: problem for problem in reversed([*problems()])}

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
        "shared": {},
        "answer": {},
        "variables": {"gateway_operation": "", "gateway_caller": "", "gateway_split": ""},
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


def run(
    plugin: str,
    phase: str,
    requests: Iterable[Request],
    settings: GatewaySettings = PLAIN,
) -> list[Request]:
    """What one worker makes of the requests, with the functions of that plugin and phase."""
    text, _ = render(settings, settings.p_value)
    plugins = {each["name"]: each for each in yaml.safe_load(text)["plugins"]}
    return execute(plugins[plugin]["config"][phase], requests)


def execute(codes: list[str], requests: Iterable[Request]) -> list[Request]:
    """What functions make of the requests, each of them in turn."""
    ended = subprocess.run(
        ["luajit", str(PDK)],
        input=lua({"codes": codes, "requests": list(requests)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def split(requests: Iterable[Request], p: int) -> list[str | None]:
    """Where they go."""
    settings = GatewaySettings(p_value=p)
    return [each.get("upstream") for each in run("post-function", "access", requests, settings)]


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


ASKS = {"X-Service-Version": "v2"}


def asked(callers: tuple[str, ...], *requests: Request) -> list[Request]:
    """What becomes of requests where these callers may ask for a version, and P is 100."""
    keys = tuple(ApiKey(name, name * 16) for name in ("tester", "shop"))
    settings = GatewaySettings(p_value=100, api_keys=keys, version_callers=callers)
    return run("post-function", "access", requests, settings)


def test_a_caller_that_may_gets_the_version_it_asks_for() -> None:
    """And the split does not count it."""
    tester, others = {"username": "tester"}, request()
    own = request(headers=ASKS, consumer=tester)
    answers = asked(("tester",), own, others, own)
    assert [each["upstream"] for each in answers] == [V2, V1, V2]
    assert [each["shared"].get("gateway_split") for each in answers] == [
        None,
        "user-service-v1",
        None,
    ]
    assert asked(("*",), request(headers=ASKS))[0]["upstream"] == V2


@pytest.mark.parametrize(
    ("callers", "consumer", "version", "status", "kind"),
    [
        ((), None, "v2", 403, "version-not-allowed"),
        ((), {"username": "shop"}, "v2", 403, "version-not-allowed"),
        (("tester",), {"username": "shop"}, "v2", 403, "version-not-allowed"),
        (("tester",), {"username": "test"}, "v2", 403, "version-not-allowed"),
        (("tester",), {"username": "tester"}, "v3", 400, "unknown-version"),
        (("*",), None, "", 400, "unknown-version"),
    ],
)
def test_other_wishes_for_a_version_are_refused_by_name(
    callers: tuple[str, ...], consumer: Request | None, version: str, status: int, kind: str
) -> None:
    """Both problems name the header."""
    wish = request(headers={"X-Service-Version": version}, consumer=consumer)
    (refused,) = asked(callers, wish)
    assert (refused["status"], refused.get("upstream")) == (status, None)
    problem = json.loads(error(status, json.dumps(refused["said"]))["body"])
    assert problem["type"] == f"urn:aware:problem:{kind}"
    assert "X-Service-Version" in problem["detail"]


@pytest.mark.parametrize(
    ("named", "consumer", "method", "refused"),
    [
        (("shop",), {"username": "shop"}, "PUT", True),
        (("shop",), {"username": "shop"}, "GET", False),
        (("shop",), {"username": "shop"}, "HEAD", False),
        (("shop",), {"username": "shop"}, "OPTIONS", False),
        (("shop",), {"username": "sho"}, "DELETE", False),
        (("shop",), None, "DELETE", False),
        (("*",), None, "PATCH", True),
        ((), {"username": "shop"}, "POST", False),
    ],
)
def test_a_caller_that_may_only_read_is_refused_by_name(
    named: tuple[str, ...], consumer: Request | None, method: str, *, refused: bool
) -> None:
    """Before a version is chosen."""
    settings = GatewaySettings(
        p_value=100, api_keys=(ApiKey("shop", "k" * 16),), read_only_callers=named
    )
    asking = request(consumer=consumer, method=method)
    (answer,) = run("post-function", "access", [asking], settings)
    assert (answer["status"], answer.get("upstream")) == ((403, None) if refused else (200, V1))
    if refused:
        problem = json.loads(error(403, json.dumps(answer["said"]))["body"])
        assert problem["type"] == "urn:aware:problem:read-only"


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
    """Every header in which a plugin tells a service who calls; no other."""
    claimed = {"X-Consumer-Username": "shop", "X-Consumer-ID": "1", "X-Credential-Identifier": "2"}
    claimed |= {"X-Gateway-Token": "Bearer 3", "X-Gateway-Caller": "jwt:root"}
    (left,) = run("pre-function", "access", [request(headers={**claimed, "X-Own": "yes"})])
    assert left["headers"] == {"X-Own": "yes"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("mine-1", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("jane@personal.com", False),
        ("two names", False),
        ("", False),
    ],
)
def test_a_request_is_named_by_a_plain_name_or_by_the_gateway(name: str, *, kept: bool) -> None:
    """Which the plugin that follows makes, where there is none."""
    (left,) = run("pre-function", "access", [request(headers={"X-Request-Id": name})])
    assert left["headers"] == ({"X-Request-Id": name} if kept else {})


def test_the_log_names_caller_and_operation() -> None:
    """As key-auth found the one, and the route's tags name the other."""
    shop, chosen = {"username": "shop"}, {"gateway_split": "v1"}
    known = request(method="POST", consumer=shop, shared=chosen)
    unknown = request(method="PATCH", route=None)
    logged = [each["variables"] for each in run("pre-function", "log", [known, unknown])]
    assert logged == [
        {"gateway_operation": "create_order", "gateway_caller": "shop", "gateway_split": "v1"},
        {"gateway_operation": "", "gateway_caller": "", "gateway_split": ""},
    ]


TOKENS = replace(PLAIN, api_keys=(ApiKey("shop", "k" * 20),), jwt_public_key=ISSUER.public_key)
US = replace(TOKENS, jwt_issuer="https://idp.example", jwt_audience="api")


def handed_over(authorization: object, settings: GatewaySettings = PLAIN) -> tuple[object, object]:
    """The token that the jwt plugin gets to check, and whose limit of requests it counts for."""
    headers = {"authorization": authorization, "X-Gateway-Token": "Bearer mine"}
    (left,) = run("pre-function", "access", [request(headers=headers)], settings=settings)
    assert not isinstance(authorization, str) or left["headers"]["authorization"] == authorization
    return left["headers"].get("X-Gateway-Token"), left["headers"].get("X-Gateway-Caller")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_is_handed_to_the_plugin_that_checks_its_signature(scheme: str) -> None:
    """In a header of its own, and with the caller it speaks of, who counts where it is right."""
    more: list[Request] = [{}, {"nbf": now(-5)}, {"aud": ["x", "y"], "iss": "z"}]
    for claims in more:
        token = ISSUER.token(**claims)
        handed = handed_over(f"{scheme}  {token}", TOKENS)
        assert handed == (f"Bearer {token}", "jwt:alice")
    nameless = ISSUER.token(sub=None)
    assert handed_over(f"Bearer {nameless}", TOKENS) == (f"Bearer {nameless}", None)
    on_p256 = ON_P256.token()
    assert handed_over(f"Bearer {on_p256}", ON_P256_TOKENS) == (f"Bearer {on_p256}", "jwt:alice")
    ours = ISSUER.token(iss="https://idp.example", aud=["other", "api"])
    assert handed_over(f"Bearer {ours}", US) == (f"Bearer {ours}", "jwt:alice")


ON_P256 = Issuer(p256())
ON_P256_TOKENS = replace(TOKENS, jwt_public_key=ON_P256.public_key)
WRONG: list[Request] = [
    {"nbf": now(86_400)},
    {"nbf": 1e30},
    {"nbf": "soon"},
    {"nbf": {}},
    {"sub": ""},
    {"sub": "a b"},
    {"sub": "a\r\nb"},
    {"sub": "ä"},
    {"sub": 5},
    {"sub": "a" * 256},
    {"alg": "RS256"},
    {"alg": {}},
    {"exp": now(60), "nbf": True},
]
WRONG_FOR_US: list[Request] = [
    {"iss": "https://idp.example"},
    {"aud": "api"},
    {"iss": "https://idp.example/", "aud": "api"},
    {"iss": {}, "aud": "api"},
    {"iss": "https://idp.example", "aud": "apis"},
    {"iss": "https://idp.example", "aud": []},
    {"iss": "https://idp.example", "aud": {"api": "api"}},
    {"iss": "https://idp.example", "aud": [["api"]]},
]
WRONG_TOKENS: Mapping[str, tuple[str, GatewaySettings]] = {
    **{str(claims): (ISSUER.token(**claims), TOKENS) for claims in WRONG},
    **{str(claims): (ISSUER.token(**claims), US) for claims in WRONG_FOR_US},
    "alg none": (unsigned(b"{}", alg="none") + ".", TOKENS),
    "alg none, signed": (ISSUER.signed(b"{}", alg="none"), TOKENS),
    "alg HS256": (signed_with_secret(ISSUER.public_key, b"{}"), TOKENS),
    "no alg": (f"{encoded(b'{}')}.{encoded(b'{}')}.x", TOKENS),
    "no JSON": (ISSUER.signed(b"{"), TOKENS),
    "a text": (ISSUER.signed(b'"alice"'), TOKENS),
    "no base64": ("a.b.c", TOKENS),
    "no parts": ("token", TOKENS),
    "a short signature of ES256": (ON_P256.token()[:-2], ON_P256_TOKENS),
    "four parts": (f"{ISSUER.token()}.x", TOKENS),
}


@pytest.mark.parametrize("what", WRONG_TOKENS)
def test_a_token_with_wrong_claims_is_handed_over_as_an_invalid_one(what: str) -> None:
    """So that it is refused as one, or another credential does."""
    token, settings = WRONG_TOKENS[what]
    assert handed_over(f"Bearer {token}", settings) == ("Bearer invalid", None)


def test_nothing_else_is_handed_over() -> None:
    """No other scheme, nothing of two headers, and nothing where no token can be checked."""
    token = ISSUER.token()
    for authorization in (token, f"Basic {token}", "Bearer", [f"Bearer {token}"] * 2):
        assert handed_over(authorization, TOKENS) == (None, None)
    assert handed_over(f"Bearer {token}") == (None, None)


def named(consumer: str | None, **shared: str) -> Request:
    """What the service is told where Kong found this consumer."""
    told = {
        "X-Consumer-Username": consumer,
        "X-Consumer-ID": "1",
        "X-Gateway-Token": "Bearer x",
        "X-Gateway-Caller": "jwt:alice",
        "apikey": "k" * 20,
        "Authorization": "Bearer x",
    }
    known = request(
        headers={name: value for name, value in told.items() if value},
        consumer={"username": consumer} if consumer else None,
        shared=shared,
    )
    (left,) = run("post-function", "access", [known])
    headers: Request = left["headers"]
    assert headers.pop("Authorization") == "Bearer x"
    return headers


def test_the_service_is_told_the_name_of_a_key_or_the_subject_of_a_token() -> None:
    """And nothing of nobody, or of how the gateway came by it."""
    assert named("shop") == {"X-Consumer-Username": "shop", "X-Consumer-ID": "1"}
    assert named("_token", caller="jwt:bob")["X-Consumer-Username"] == "jwt:bob"
    assert named("_token")["X-Consumer-Username"] == "jwt:"
    assert named("_anonymous") == {}
    assert named(None) == {"X-Consumer-ID": "1"}  # which callers.lua has removed before


@pytest.mark.parametrize(
    ("consumer", "sent", "expected"),
    [
        ("_without_key", None, "Key"),
        ("_without_key", "Bearer x", "Key"),
        ("_without_token", None, "Bearer"),
        ("_without_token", "Basic x", "Bearer"),
        ("_without_token", "bearer x", 'Bearer error="invalid_token"'),
        ("_without_either", None, "Bearer, Key"),
        ("_without_either", "Bearer x", 'Bearer error="invalid_token", Key'),
        (None, None, "as the plugin said"),
        ("_token", "Bearer x", "as the plugin said"),
    ],
)
def test_a_refusal_says_what_was_missing(
    consumer: str | None, sent: str | None, expected: str
) -> None:
    """By the consumer that stands for whoever has not got it; else as key-auth or jwt says it."""
    refused = request(
        source="exit",
        status=401,
        consumer={"username": consumer} if consumer else None,
        headers={"authorization": sent} if sent else {},
        answer={"WWW-Authenticate": "as the plugin said"},
    )
    (answered,) = run("pre-function", "header_filter", [refused], settings=TOKENS)
    assert answered["answer"]["WWW-Authenticate"] == expected
    if consumer == "_without_either":
        (answered,) = run("pre-function", "header_filter", [refused])
        assert answered["answer"]["WWW-Authenticate"] == "Key"


def test_the_log_names_the_subject_of_a_token() -> None:
    """And nobody where nobody was let in, or nobody was asked."""
    shared = {"caller": "jwt:alice"}
    known = [
        request(consumer={"username": name}, shared=shared)
        for name in ("_token", "_anonymous", "_without_token", "_without_key", "_without_either")
    ]
    logged = [each["variables"]["gateway_caller"] for each in run("pre-function", "log", known)]
    assert logged == ["jwt:alice", "", "", "", ""]


def test_the_replica_that_was_asked_last_is_the_next_ones_turn_after_the_others() -> None:
    """It weighs the least of all, by less than any difference that is meant."""
    asked = [request(replica=name, weight=65535) for name in "abcacb"]
    weights = [float(each["weight"]) for each in run("pre-function", "log", asked)]
    assert weights == sorted({*weights}, reverse=True)
    assert all(65534 < each < 65535 for each in weights)


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
    codes = unknown["plugins"][0]["config"]["access"]
    (answered,) = execute(codes, [request(method=method, path=path, source="exit")])
    assert answered["status"] == status
    assert answered["answer"].get("Allow") == allowed
