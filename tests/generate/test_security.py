"""What the specs' `security` comes to at the gateway, and what of it nobody enforces."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.authentication import Authentication
from generate.security import KEYS, asked_of, key_names, unenforced
from generate.sources import Sources, read_sources
from tests.generate.conftest import replace_in

LIST = ("GET", "/orders/")
GET = ("GET", "/orders/{id}")
SCHEMES = """
    token: {type: http, scheme: Bearer, bearerFormat: jwt}
    opaque: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://idp/t', scopes: {}}}}
    oidc: {type: openIdConnect, openIdConnectUrl: 'https://idp/c'}
    cookie: {type: apiKey, in: cookie, name: key}
    query: {type: apiKey, in: query, name: key}
    second: {type: apiKey, in: header, name: APIKEY}
"""


def order_spec(root: Path, stated: str | None, *, version: str = "3.0.3") -> None:
    """State a security in the operation that lists orders; None removes the document's."""
    spec = root / "specs" / "order.yaml"
    replace_in(spec, "  securitySchemes:\n", f"  securitySchemes:{SCHEMES.rstrip()}\n")
    replace_in(spec, "openapi: 3.0.3", f"openapi: {version}")
    if stated is None:
        replace_in(spec, "security: [{}, {apiKey: []}]\n", "")
    else:
        listing = "      operationId: list_orders\n"
        replace_in(spec, listing, f"{listing}      security: {stated}\n")


def declared(
    root: Path, elsewhere: Mapping[str, str] | None = None, *, anonymous: bool = False
) -> Sources:
    """The specs, with the order API declared so."""
    said = "".join(f"      {name}: {who}\n" for name, who in (elsewhere or {}).items())
    replace_in(
        root / "services.yaml",
        "    spec: specs/order.yaml\n",
        "    spec: specs/order.yaml\n"
        f"    anonymous: {str(anonymous).lower()}\n"
        + f"    enforced_elsewhere:\n{said}"
        * bool(said),
    )
    return read_sources(root)


K, T = Authentication.KEY, Authentication.TOKEN
EITHER, BOTH, OPEN = Authentication.KEY_OR_TOKEN, Authentication.KEY_AND_TOKEN, Authentication.OPEN
ASKED: Mapping[str, Authentication] = {
    "[]": OPEN,
    "[{}]": OPEN,
    "[{apiKey: []}]": K,
    "[{token: []}]": T,
    "[{apiKey: []}, {token: []}]": EITHER,
    "[{token: []}, {apiKey: []}]": EITHER,
    "[{token: [], apiKey: []}]": BOTH,
    "[{token: [], apiKey: []}, {apiKey: []}]": K,
    "[{token: []}, {token: [], apiKey: []}]": T,
    "[{token: [], apiKey: []}, {apiKey: []}, {token: []}]": EITHER,
    "[{}, {apiKey: []}]": K,
    "[{apiKey: []}, {}]": K,
    "[{second: []}]": K,
    "[{second: []}, {apiKey: []}]": K,
    "[{oauth: []}]": OPEN,
    "[{oauth: [], token: []}]": T,
    "[{oauth: []}, {token: []}]": OPEN,
    "[{opaque: [], cookie: [], basic: [], apiKey: []}]": K,
}
"""By the security of an operation, whose other schemes somebody else enforces."""


@pytest.mark.parametrize("stated", ASKED)
def test_what_the_gateway_asks_for_is_what_the_security_comes_to(specs: Path, stated: str) -> None:
    """One alternative has to be met, with all its schemes; what somebody else does is left out."""
    order_spec(specs, stated)
    others = ("oauth", "opaque", "cookie", "basic")
    sources = declared(specs, dict.fromkeys(others, "the company's proxy"))
    asked = asked_of(sources)
    assert (asked[LIST], asked[GET]) == (ASKED[stated], K)
    assert [*unenforced(sources)] == []
    assert ("GET", "/users/{id}") not in asked  # it is internal


def test_strangers_are_let_in_where_the_api_is_declared_so(specs: Path) -> None:
    """An empty alternative is for somebody's own machine, unless it is meant as it stands."""
    order_spec(specs, "[{apiKey: [], token: []}, {}]")
    assert asked_of(read_sources(specs))[LIST] is BOTH
    asked = asked_of(declared(specs, anonymous=True))
    assert {asked[LIST], asked[GET]} == {OPEN}
    assert asked["POST", "/users/"] is K


def test_an_api_that_states_no_security_is_open(specs: Path) -> None:
    """Neither in the document nor in an operation."""
    order_spec(specs, None)
    asked = asked_of(read_sources(specs))
    assert {each for (_, path), each in asked.items() if "orders" in path} == {OPEN}


UNENFORCED: Mapping[str, list[str]] = {
    "[{opaque: []}]": ["opaque (http bearer, bearerFormat unsaid) is not enforced by the gateway"],
    "[{basic: []}]": ["basic (http basic) is not enforced by the gateway"],
    "[{oauth: []}]": ["oauth (oauth2) is not enforced by the gateway"],
    "[{oidc: [read]}]": ["oidc (openIdConnect) is not enforced by the gateway"],
    "[{cookie: []}]": ["cookie (apiKey in cookie) is not enforced by the gateway"],
    "[{query: []}]": ["query (apiKey in query) is not enforced by the gateway"],
    "[{apiKey: []}, {basic: [], oauth: []}]": [
        "basic (http basic) is not enforced by the gateway",
        "oauth (oauth2) is not enforced by the gateway",
    ],
    "[{apiKey: [], second: []}]": ["the gateway asks for one key, and apiKey is one already"],
}


@pytest.mark.parametrize("stated", UNENFORCED)
def test_a_scheme_that_nobody_enforces_is_told_with_what_to_write(specs: Path, stated: str) -> None:
    """File and line, what it is, and how to say who does it."""
    order_spec(specs, stated)
    lines = [*unenforced(read_sources(specs))]
    text = (specs / "specs" / "order.yaml").read_text().splitlines()
    number = text.index(f"      security: {stated}") + 1
    assert len(lines) == len(UNENFORCED[stated])
    for line, reason in zip(lines, UNENFORCED[stated], strict=True):
        assert line.startswith(f"specs/order.yaml:{number}: {reason}: remove it, or say who does")
        assert "`enforced_elsewhere: {" in line


def test_a_role_is_told(specs: Path) -> None:
    """OpenAPI 3.1 has them for every scheme, and nothing at the gateway knows of any."""
    spec = specs / "specs" / "order.yaml"
    text = spec.read_text().replace("openapi: 3.0.3", "openapi: 3.1.0")
    spec.write_text(text.replace("security: [{}, {apiKey: []}]", "security: [{apiKey: [admin]}]"))
    (line,) = unenforced(read_sources(specs))  # once, and not for every operation
    assert line.startswith("specs/order.yaml:13: apiKey has roles, which the gateway does not look")


def test_a_declaration_of_no_scheme_is_told(specs: Path) -> None:
    """It would hide the next one of that name."""
    (line,) = unenforced(declared(specs, {"oath": "the company's proxy"}))
    assert re.fullmatch(
        r"services\.yaml:\d+: order\.yaml has no security scheme oath: remove it", line
    )


def test_the_gateway_looks_for_keys_where_the_specs_have_them(specs: Path) -> None:
    """In its own header first, which the split is counted with, and in each of theirs once."""

    def listed() -> str:
        return key_names(read_sources(specs))[KEYS].partition("\n")[0]

    assert listed() == 'key_names: ["apikey"]'
    replace_in(specs / "specs" / "shared.yaml", "name: apikey", "name: X-Key")
    assert listed() == 'key_names: ["apikey", "X-Key"]'
    order_spec(specs, "[]")  # with a second one, `APIKEY`
    assert listed() == 'key_names: ["apikey", "X-Key"]'
    declared(specs, {"second": "a proxy", "apiKey": "a proxy"})
    replace_in(specs / "specs" / "order.yaml", "name: APIKEY", "name: X-Other")
    assert listed() == 'key_names: ["apikey", "X-Key"]'
