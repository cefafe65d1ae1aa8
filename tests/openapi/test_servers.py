"""Which path an operation is served at: that of the servers, and its own."""

import pytest
import yaml

from tests.openapi.random.client import Request
from tests.openapi.random.service import Service

SPEC = """
openapi: 3.0.3
info: {title: Servers, version: '1'}
servers: [{url: 'https://a.example/v1'}, {url: 'https://b.example/v1/'}]
paths:
  /things:
    get: {responses: {'204': {description: OK}}}
  /files:
    servers: [{url: '/v1'}]
    get: {responses: {'204': {description: OK}}}
    put:
      servers: [{url: 'https://{where}.example/v1', variables: {where: {default: c}}}]
      responses: {'204': {description: OK}}
  /both/{zz}/end:
    get:
      parameters: [{name: zz, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: OK}}
  /both/{a}/{b}:
    get:
      parameters:
      - {name: a, in: path, required: true, schema: {type: string}}
      - {name: b, in: path, required: true, schema: {type: string}}
      responses: {'204': {description: OK}}
  /names/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: OK}}
  /names/{name}:
    put:
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: OK}}
"""


@pytest.fixture
def service() -> Service:
    """The service."""
    return Service(yaml.safe_load(SPEC))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/things", 200),
        ("GET", "/v1/files", 200),
        ("PUT", "/v1/files", 200),
        ("GET", "/things", 404),
        ("GET", "/files", 404),
    ],
)
def test_each_is_answered_below_the_path_of_the_servers(
    service: Service, method: str, path: str, status: int
) -> None:
    """And nowhere else, whichever of the servers it has."""
    assert service.ask(Request(method, path)).status == status


def test_two_templates_may_call_one_path_differently(service: Service) -> None:
    """GitHub's do: which is meant, the method says, and `Allow` has those of both."""
    assert service.ask(Request("GET", "/v1/names/x")).status == 200
    assert service.given == {"id": "x"}
    assert service.ask(Request("PUT", "/v1/names/x")).status == 200
    assert service.given == {"name": "x"}
    for method in ("OPTIONS", "DELETE"):
        answer = service.ask(Request(method, "/v1/names/x"))
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PUT"


def test_a_literal_goes_before_a_template_whatever_those_before_are_called(
    service: Service,
) -> None:
    """`{a}` is before `{zz}` in the alphabet, and says nothing."""
    assert service.ask(Request("GET", "/v1/both/x/end")).status == 200
    assert service.given == {"zz": "x"}
    assert service.ask(Request("GET", "/v1/both/x/other")).status == 200
    assert service.given == {"a": "x", "b": "other"}
