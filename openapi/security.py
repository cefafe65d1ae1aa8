"""The security schemes of a spec, and what is wrong with the requirements that name them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from openapi.bundle import Bundle
from openapi.errors import Violation
from openapi.grammar import walk
from openapi.pointers import pointer_of, resolve

Requirement = Mapping[str, tuple[str, ...]]
"""Schemes that are asked for together, by name, each with its scopes (3.1: or roles)."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in the header, query parameter or cookie `name`."""

    location: Literal["header", "query", "cookie"]
    name: str

    def __str__(self) -> str:
        return f"apiKey in {self.location}"


@dataclass(frozen=True, slots=True)
class Http:
    """What RFC 9110 calls an authentication scheme, in lower case: `basic`, `bearer`."""

    scheme: str
    bearer_format: str | None

    def __str__(self) -> str:
        bearer = f", bearerFormat {self.bearer_format or 'unsaid'}" * (self.scheme == "bearer")
        return f"http {self.scheme}{bearer}"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """OAuth 2.0; `flows` are the names of those that a token can be had by."""

    flows: tuple[str, ...]

    def __str__(self) -> str:
        return "oauth2"


@dataclass(frozen=True, slots=True)
class OpenIdConnect:
    """OpenID Connect; the issuer describes itself at `url`."""

    url: str

    def __str__(self) -> str:
        return "openIdConnect"


@dataclass(frozen=True, slots=True)
class MutualTls:
    """A certificate of the client's."""

    def __str__(self) -> str:
        return "mutualTLS"


SecurityScheme = ApiKey | Http | OAuth2 | OpenIdConnect | MutualTls


def read_scheme(node: Mapping[str, Any]) -> SecurityScheme:
    """A scheme of a sound document."""
    match node["type"]:
        case "apiKey":
            return ApiKey(node["in"], node["name"])
        case "http":
            return Http(node["scheme"].lower(), node.get("bearerFormat"))
        case "oauth2":
            return OAuth2((*node["flows"],))
        case "openIdConnect":
            return OpenIdConnect(node["openIdConnectUrl"])
        case _:
            return MutualTls()


def requirement_violations(bundle: Bundle) -> Iterator[Violation]:
    """Requirements that name no scheme, and scopes where OpenAPI has none."""
    schemes = bundle.document.get("components", {}).get("securitySchemes", {})
    for node in walk(bundle.document, bundle.version):
        if node.kind not in ("document", "operation"):
            continue
        for number, requirement in enumerate(node.value.get("security", ())):
            for name, scopes in requirement.items():
                here = node.pointer + pointer_of("security", str(number), name)
                if name not in schemes:
                    known = f", or write one of {', '.join(schemes)}" if schemes else ""
                    yield here, f"{name} is no scheme: declare it in `securitySchemes`{known}"
                    continue
                kind = resolve(bundle.document, schemes[name])["type"]
                if scopes and bundle.version == "3.0" and kind not in ("oauth2", "openIdConnect"):
                    yield here, f"{name} is of type {kind}, which has no scopes: write `{name}: []`"
