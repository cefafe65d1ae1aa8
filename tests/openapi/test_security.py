"""Security schemes and requirements, as a description has them; none of them keeps a spec out."""

from pathlib import Path

import pytest

from contract.bindable import load_api
from openapi.security import ApiKey, Http, MutualTls, OAuth2, OpenIdConnect

SPEC = """
openapi: VERSION
info: {title: Things, version: '1'}
security: [{basic: []}, {header: [], oauth: [read, write]}]
paths:
  /things:
    get: {responses: {'200': {description: Fine}}}
    post: {security: [], responses: {'200': {description: Fine}}}
    put: {security: [{}, {oidc: [any]}], responses: {'200': {description: Fine}}}
components:
  securitySchemes:
    header: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: key}
    basic: {type: http, scheme: Basic}
    jwt: {type: http, scheme: BEARER, bearerFormat: JWT}
    again: {$ref: '#/components/securitySchemes/jwt'}
    oauth:
      type: oauth2
      flows:
        implicit: {authorizationUrl: 'https://idp.example/a', scopes: {read: Read}}
        clientCredentials: {tokenUrl: 'https://idp.example/t', scopes: {write: Write}}
    oidc: {type: openIdConnect, openIdConnectUrl: 'https://idp.example/c'}
"""


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_every_scheme_is_read_and_bound(tmp_path: Path, version: str) -> None:
    """Each into its own class, in both versions of OpenAPI."""
    spec = tmp_path / "spec.yaml"
    more = "    mutual: {type: mutualTLS}\n" if version == "3.1.0" else ""
    spec.write_text(SPEC.replace("VERSION", version) + more)
    description = load_api(spec)
    expected = {
        "header": ApiKey("header", "X-Key"),
        "query": ApiKey("query", "key"),
        "cookie": ApiKey("cookie", "key"),
        "basic": Http("basic", None),
        "jwt": Http("bearer", "JWT"),
        "again": Http("bearer", "JWT"),
        "oauth": OAuth2(("implicit", "clientCredentials")),
        "oidc": OpenIdConnect("https://idp.example/c"),
    }
    if more:
        expected["mutual"] = MutualTls()
    assert description.security_schemes == expected
    stated = {each.method: each.security for each in description.operations}
    assert stated == {
        "GET": ({"basic": ()}, {"header": (), "oauth": ("read", "write")}),
        "POST": (),
        "PUT": ({}, {"oidc": ("any",)}),
    }
