"""What the gateway asks callers for, and whom it lets in: keys, tokens, both, either, nothing."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from gateway import render as rendering
from gateway.authentication import Authentication
from gateway.process import Kind
from gateway.routes import disagreements
from gateway.settings import ApiKey, GatewaySettings
from generate.security import asked_of
from generate.sources import read_sources
from tests.declaring import copy_declared
from tests.gateway.conftest import Services, Start
from tests.gateway.running import Running, elsewhere
from tests.gateway.test_log import entries
from tests.gateway.test_passing import assert_problem
from tests.gateway.tokens import Issuer, encoded, now, p256, signed_with_secret, unsigned
from tests.waiting import until

SHOP = ApiKey("shop", "s" * 20)
ISSUER, STRANGER = Issuer(), Issuer()

StartAsking = Callable[..., Running]


TEMPLATE = rendering.TEMPLATE


@pytest.fixture
def start_asking(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StartAsking:
    """Start a gateway whose routes all ask for what is given."""

    def begin(asks: Authentication, **changes: object) -> Running:
        template = tmp_path / "template"
        written = TEMPLATE.read_text().replace("{key.yaml}", f"{{{asks}.yaml}}")
        template.write_text(written)
        monkeypatch.setattr(rendering, "TEMPLATE", template)
        given = {"api_keys": (SHOP,), "jwt_public_key": ISSUER.public_key}
        return start(**{**given, **changes})

    return begin


def ask(gateway: Running, token: str | None = None, key: str | None = None) -> httpx.Response:
    """Ask for the orders, with a token, a key, both or neither."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    headers |= {"apikey": key} if key is not None else {}
    return httpx.get(f"{gateway.url}/orders/", headers=headers)


def caller(answer: httpx.Response) -> str | None:
    """Who called, as the service was told; fails where no service answered."""
    assert answer.status_code == httpx.codes.OK, answer.text
    name: str | None = answer.json()["headers"].get("x-consumer-username")
    return name


def challenge(answer: httpx.Response) -> str:
    """What a refusal says was missing."""
    assert_problem(answer, 401, "unauthorized")
    return answer.headers["WWW-Authenticate"]


BEARER, INVALID = "Bearer", 'Bearer error="invalid_token"'
RIGHT, WRONG, NONE = "right", "wrong", None
NEITHER = f"{BEARER}, Key"
MATRIX: Mapping[Authentication, Mapping[tuple[str | None, str | None], str | tuple[str]]] = {
    Authentication.OPEN: {
        (NONE, NONE): "",
        (RIGHT, NONE): "jwt:alice",
        (NONE, RIGHT): "shop",
        (RIGHT, RIGHT): "jwt:alice",
        (WRONG, NONE): "",
        (NONE, WRONG): "",
        (WRONG, RIGHT): "shop",
    },
    Authentication.KEY: {
        (NONE, NONE): ("Key",),
        (RIGHT, NONE): ("Key",),
        (NONE, WRONG): ("Key",),
        (NONE, RIGHT): "shop",
        (WRONG, RIGHT): "shop",
        (RIGHT, RIGHT): "shop",
    },
    Authentication.TOKEN: {
        (NONE, NONE): (BEARER,),
        (NONE, RIGHT): (BEARER,),
        (WRONG, NONE): (INVALID,),
        (WRONG, RIGHT): (INVALID,),
        (RIGHT, NONE): "jwt:alice",
        (RIGHT, WRONG): "jwt:alice",
        (RIGHT, RIGHT): "jwt:alice",
    },
    Authentication.KEY_OR_TOKEN: {
        (NONE, NONE): (NEITHER,),
        (WRONG, NONE): (f"{INVALID}, Key",),
        (NONE, WRONG): (NEITHER,),
        (WRONG, WRONG): (f"{INVALID}, Key",),
        (RIGHT, NONE): "jwt:alice",
        (RIGHT, WRONG): "jwt:alice",
        (NONE, RIGHT): "shop",
        (WRONG, RIGHT): "shop",
        (RIGHT, RIGHT): "jwt:alice",
    },
    Authentication.KEY_AND_TOKEN: {
        (NONE, NONE): (BEARER,),
        (NONE, RIGHT): (BEARER,),
        (WRONG, RIGHT): (INVALID,),
        (RIGHT, NONE): ("Key",),
        (RIGHT, WRONG): ("Key",),
        (WRONG, WRONG): (INVALID,),
        (RIGHT, RIGHT): "shop",
    },
}
"""By what is asked for, and the token and key that are sent: who calls, or what is missing."""


@pytest.mark.parametrize("asks", Authentication)
def test_who_gets_in_and_who_that_is(
    start_asking: StartAsking, services: Services, asks: Authentication
) -> None:
    """Whoever has what the route asks for; everybody else is told what that is."""
    gateway = start_asking(asks)
    tokens = {NONE: None, RIGHT: ISSUER.token(), WRONG: STRANGER.token()}
    keys = {NONE: None, RIGHT: SHOP.key, WRONG: "w" * 20}
    let_in = 0
    for (token, key), expected in MATRIX[asks].items():
        answer = ask(gateway, tokens[token], keys[key])
        if isinstance(expected, str):
            let_in += 1
            assert (caller(answer) or "") == expected, (token, key)
        else:
            assert (challenge(answer),) == expected, (token, key)
    assert len(services.orders.received) == let_in


def with_claims(**claims: object) -> str:
    """A token of the issuer's, right but for these claims."""
    return ISSUER.token(**claims)


BAD: Mapping[str, Callable[[], str]] = {
    "of a stranger": STRANGER.token,
    "expired": lambda: with_claims(exp=now(-1)),
    "expired long ago": lambda: with_claims(exp=0),
    "expired before the epoch": lambda: with_claims(exp=-5),
    "without an end": lambda: with_claims(exp=None),
    "with a text as its end": lambda: with_claims(exp=str(now(60))),
    "with a list as its end": lambda: with_claims(exp=[now(60)]),
    "with an end that is true": lambda: with_claims(exp=True),
    "not yet valid": lambda: with_claims(nbf=now(60)),
    "not valid in this age": lambda: with_claims(nbf=1e30),
    "valid from a text on": lambda: with_claims(nbf="soon"),
    "not yet valid, with an exponent": lambda: ISSUER.token(
        b'{"exp": %d, "nbf": %.9e, "sub": "alice"}' % (now(60), now(60))
    ),
    "of somebody with a newline": lambda: with_claims(sub="alice\r\nX-Own: 1"),
    "of somebody with a space": lambda: with_claims(sub="alice smith"),
    "of somebody beyond ASCII": lambda: with_claims(sub="älice"),
    "of somebody without letters": lambda: with_claims(sub=""),
    "of somebody with too many letters": lambda: with_claims(sub="a" * 256),
    "not signed": lambda: f"{unsigned(payload(), alg='none')}.",
    "not signed, in capitals": lambda: f"{unsigned(payload(), alg='NONE')}.",
    "not signed, with a signature": lambda: ISSUER.signed(payload(), alg="none"),
    "with an empty signature": lambda: f"{unsigned(payload(), alg='RS256')}.",
    "signed with the public key as a secret": lambda: signed_with_secret(
        ISSUER.public_key, payload()
    ),
    "with another algorithm's name": lambda: ISSUER.signed(payload(), alg="RS512"),
    "with a secret's name": lambda: ISSUER.signed(payload(), alg="HS256"),
    "with a key of its own": lambda: STRANGER.signed(payload(), jku="http://stranger.example"),
    "of another kind of key": lambda: Issuer(p256()).token(),
    "with other claims than were signed": lambda: ".".join(
        [ISSUER.token().split(".")[0], encoded(payload("root")), ISSUER.token().split(".")[2]]
    ),
    "cut short": lambda: ISSUER.token()[:-9],
    "with a part too many": lambda: f"{ISSUER.token()}.{encoded(b'x')}",
    "of two parts": lambda: ISSUER.token().rpartition(".")[0],
    "with claims that are no JSON": lambda: ISSUER.signed(b"alice"),
    "with claims that are a list": lambda: ISSUER.signed(b"[1]"),
    "that is none": lambda: "token",
}


def payload(subject: str = "alice") -> bytes:
    """Right claims."""
    return json.dumps({"sub": subject, "exp": now(60)}).encode()


def test_a_token_that_is_not_right_lets_nobody_in(
    start_asking: StartAsking, services: Services
) -> None:
    """Whatever is wrong with it; the algorithm is the key's, and never the token's."""
    gateway = start_asking(Authentication.TOKEN)
    for what, token in BAD.items():
        assert challenge(ask(gateway, token())) == INVALID, what
    assert services.orders.received == []


def test_a_token_that_is_right_lets_its_holder_in(start_asking: StartAsking) -> None:
    """With every optional claim, and what else an issuer writes into it."""
    gateway = start_asking(Authentication.TOKEN)
    for token in (
        ISSUER.token(),
        ISSUER.token(nbf=now(), iat=now(), iss="https://idp.example", aud=["a", "b"]),
        ISSUER.token(exp=now(60) + 0.5, nbf=now(-60) + 0.5),
        ISSUER.token(realm_access={"roles": ["x", {"expiry": "none"}]}, name="Älice"),
        ISSUER.signed(payload(), kid="2026-11"),
    ):
        assert caller(ask(gateway, token)) == "jwt:alice"
    for sub in ("auth0|5f7c8ec7c33c6c004bbafe82", "alice@example.com", 'quote"\\', "a" * 255):
        assert caller(ask(gateway, ISSUER.token(sub=sub))) == f"jwt:{sub}"
    assert caller(ask(gateway, ISSUER.token(sub=None))) == "jwt:"


def test_a_key_on_p256_is_taken_too(start_asking: StartAsking) -> None:
    """Its tokens are signed with ES256, and no others are taken."""
    issuer = Issuer(p256())
    gateway = start_asking(Authentication.TOKEN, jwt_public_key=issuer.public_key)
    assert caller(ask(gateway, issuer.token())) == "jwt:alice"
    for bad in (ISSUER.token(), Issuer(p256()).token(), issuer.signed(payload(), alg="RS256")):
        assert challenge(ask(gateway, bad)) == INVALID


def test_tokens_alone_need_no_keys(start_asking: StartAsking) -> None:
    """Where no route asks for one; and keys alone need no tokens."""
    gateway = start_asking(Authentication.TOKEN, api_keys=())
    assert caller(ask(gateway, ISSUER.token())) == "jwt:alice"
    assert challenge(ask(gateway, key="w" * 20)) == BEARER
    gateway.stop()
    gateway = start_asking(Authentication.KEY_OR_TOKEN, jwt_public_key="")
    assert caller(ask(gateway, ISSUER.token(), SHOP.key)) == "shop"
    assert challenge(ask(gateway, ISSUER.token())) == "Key"


def test_issuer_and_audience_are_those_of_the_settings(start_asking: StartAsking) -> None:
    """Where these are set; an audience may be one of several."""
    idp, us = "https://idp.example/realms/shop", "https://api.example"
    gateway = start_asking(Authentication.TOKEN, jwt_issuer=idp, jwt_audience=us)
    good: list[object] = [us, [us], ["account", us]]
    for aud in good:
        assert caller(ask(gateway, ISSUER.token(iss=idp, aud=aud))) == "jwt:alice"
    bad: list[tuple[object, object]] = [
        (None, us),
        (f"{idp}/", us),
        ([idp], us),
        (idp, None),
        (idp, "other"),
        (idp, []),
        (idp, ["other", f"x{us}"]),
        (idp, {"aud": us}),
        (idp, f'["{us}"]'),
    ]
    for iss, aud in bad:
        assert challenge(ask(gateway, ISSUER.token(iss=iss, aud=aud))) == INVALID, (iss, aud)


def test_two_of_a_credential_are_none(start_asking: StartAsking) -> None:
    """Whichever of them is right."""
    gateway = start_asking(Authentication.KEY_OR_TOKEN)
    right, wrong = f"Bearer {ISSUER.token()}", f"Bearer {STRANGER.token()}"
    for headers in (
        [("Authorization", right), ("Authorization", wrong)],
        [("Authorization", wrong), ("Authorization", right)],
        [("apikey", SHOP.key), ("apikey", "w" * 20)],
        [("apikey", "w" * 20), ("apikey", SHOP.key)],
    ):
        answer = httpx.get(f"{gateway.url}/orders/", headers=headers)
        if gateway.kind is Kind.KONG and headers[0][0] == "Authorization":
            assert_problem(answer, 400, "bad-request")  # nginx's own
        else:
            assert_problem(answer, 401, "unauthorized")


def test_what_is_no_bearer_token_is_none(start_asking: StartAsking) -> None:
    """Another scheme, a token in the query, a token in a header of the gateway's own."""
    gateway = start_asking(Authentication.TOKEN)
    token = ISSUER.token()
    for headers in (
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        {"Cookie": f"jwt={token}"},
        {"X-Gateway-Token": f"Bearer {token}", "X-Gateway-Caller": "jwt:root"},
    ):
        answer = httpx.get(f"{gateway.url}/orders/?jwt={token}", headers=headers)
        assert challenge(answer) == BEARER


def test_the_service_gets_the_token_and_nothing_of_the_gateways_own(
    start_asking: StartAsking, services: Services
) -> None:
    """`Authorization` is as it was sent; a key never arrives, whether it was asked for or not."""
    gateway = start_asking(Authentication.OPEN)
    claimed = {"X-Consumer-Username": "root", "X-Anonymous-Consumer": "true"}
    for authorization in (f"Bearer {ISSUER.token()}", "Basic YTpi", "Bearer opaque"):
        headers = {"Authorization": authorization, "apikey": "w" * 20, **claimed}
        httpx.get(f"{gateway.url}/orders/", headers=headers)
        received = services.orders.received[-1].headers
        assert received["authorization"] == authorization
        assert "apikey" not in received
        assert not [name for name in received if name.startswith("x-gateway")]
        assert received.get("x-consumer-username") != "root"


def test_what_is_not_there_is_told_to_whoever_has_a_key_or_a_token(
    start_asking: StartAsking,
) -> None:
    """Strangers learn nothing of paths."""
    gateway = start_asking(Authentication.OPEN)
    assert challenge(httpx.get(f"{gateway.url}/none")) == NEITHER
    for headers in ({"apikey": SHOP.key}, {"Authorization": f"Bearer {ISSUER.token()}"}):
        assert_problem(httpx.get(f"{gateway.url}/none", headers=headers), 404, "not-found")


def test_on_ones_own_machine_nothing_is_asked(start_asking: StartAsking) -> None:
    """Where nobody has a key and no token can be told from another."""
    gateway = start_asking(Authentication.KEY_AND_TOKEN, api_keys=(), jwt_public_key="")
    assert caller(ask(gateway, STRANGER.token(), "w" * 20)) is None


def test_failures_beyond_the_limit_of_an_address_are_too_many(start_asking: StartAsking) -> None:
    """Whoever has a key goes on; whoever has none is no longer told so."""
    gateway = start_asking(Authentication.KEY)
    statuses = [ask(gateway, key="w" * 20).status_code for _ in range(70)]
    assert set(statuses) == {401, 429}
    if gateway.kind is Kind.HAPROXY:  # Kong counts by the clock's minute
        assert 50 < statuses.index(429) <= 60  # the fixture has asked, too
    assert caller(ask(gateway, key=SHOP.key)) == "shop"


def test_every_subject_has_a_limit_of_its_own(start_asking: StartAsking) -> None:
    """Whatever the number of its tokens."""
    gateway = start_asking(Authentication.TOKEN, rate_limit_per_minute=5)
    statuses = {ask(gateway, ISSUER.token(jti=str(number))).status_code for number in range(20)}
    assert statuses == {200, 429}
    assert caller(ask(gateway, ISSUER.token(sub="bob"))) == "jwt:bob"


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere writes its log elsewhere")
def test_the_log_names_the_subject_of_a_token(start_asking: StartAsking) -> None:
    """Nobody where it is not right, and never the token."""
    gateway = start_asking(Authentication.TOKEN)
    tokens = ISSUER.token(sub='quote"\\'), STRANGER.token()
    for token in tokens:
        ask(gateway, token)
    until(lambda: gateway.log.read_text().count('"status":401') > 1, "the line of the stranger")
    logged = [(each["status"], each["caller"]) for each in entries(gateway.log, "/")]
    assert logged[-2:] == [(200, 'jwt:quote"\\'), (401, "")]
    assert not [token for token in tokens if token in gateway.log.read_text()]


def test_what_an_operation_of_the_specs_asks_for_is_what_the_gateway_enforces(
    start: Start, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec is changed, the template is told where it is not so, and then it is."""
    copy_declared(tmp_path)
    spec = tmp_path / "specs" / "order.yaml"
    text = spec.read_text()
    for operation, stated in {
        "get_order": "[]",
        "update_order_status": "[{jwt: []}]",
        "update_order_details": "[{apiKey: [], jwt: []}]",
    }.items():
        said = f"\n      operationId: {operation}\n"
        text = text.replace(said, f"{said}      security: {stated}\n")
    jwt = "{type: http, scheme: bearer, bearerFormat: JWT}"
    spec.write_text(text.replace("  securitySchemes:\n", f"  securitySchemes:\n    jwt: {jwt}\n"))
    sources = read_sources(tmp_path)
    published = {
        "kong_user_service": sources.apis["user"],
        "kong_order_service": sources.apis["order"],
    }
    settings = GatewaySettings(p_value=50)
    configuration = rendering.render(settings, 50)[1]
    found = disagreements(configuration, published, asked_of(sources))
    assert [message.partition(": its security")[0] for message in found] == [
        "GET /orders/{id}",
        "PUT /orders/{id}/status",
        "PUT /orders/{id}/details",
    ]
    template, written = tmp_path / "template", rendering.TEMPLATE.read_text()
    for message in found:
        route = re.findall(r"the route (\w+) asks", message)[0]
        before, name, after = written.partition(f"- name: {route}\n")
        asked = re.findall(r"\{\w+\.yaml\}", message)[0]
        written = before + name + after.replace("{key.yaml}", asked, 1)
    template.write_text(written)
    monkeypatch.setattr(rendering, "TEMPLATE", template)
    configuration = rendering.render(settings, 50)[1]
    assert disagreements(configuration, published, asked_of(sources)) == ()

    gateway = start(api_keys=(SHOP,), jwt_public_key=ISSUER.public_key)
    key, token = {"apikey": SHOP.key}, {"Authorization": f"Bearer {ISSUER.token()}"}
    lets_in: dict[tuple[str, str], list[dict[str, str]]] = {
        ("GET", "/orders/"): [key, key | token],
        ("GET", "/orders/o1"): [{}, key, token, key | token],
        ("HEAD", "/orders/o1"): [{}],
        ("PUT", "/orders/o1/status"): [token, key | token],
        ("PUT", "/orders/o1/details"): [key | token],
        ("POST", "/users/"): [key, key | token],
    }
    for (method, path), right in lets_in.items():
        for headers in ({}, key, token, key | token):
            answer = httpx.request(method, f"{gateway.url}{path}", headers=headers)
            expected = 200 if headers in right or method == "HEAD" else 401
            assert answer.status_code == expected, (method, path, headers)
    assert len(services.orders.received) == 2 + 4 + 4 + 2 + 1
