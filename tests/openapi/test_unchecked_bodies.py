"""Bodies whose schema is not of what is sent: handlers are given the bytes, and it is noted."""

import json
from pathlib import Path

import pytest

from contract.bindable import load_api
from contract.bodies.refusals import unchecked_bodies
from tests.openapi.random.client import Request
from tests.openapi.random.service import Service
from tests.openapi.random.values import Json

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
LIST = {"type": "array", "items": {"type": "integer"}}
SCHEMAS = {
    "application/xml": OBJECT,
    "text/xml": OBJECT,
    "text/csv": LIST,
    "image/png": OBJECT,
    "multipart/mixed": OBJECT,
    "application/x-www-form-urlencoded": LIST,
    "application/json": OBJECT,
}


def document() -> Json:
    """A description of an operation that takes a body of any of them."""
    content = {name: {"schema": schema} for name, schema in SCHEMAS.items()}
    body = {"required": True, "content": content}
    operation = {"requestBody": body, "responses": {"204": {"description": "OK"}}}
    info = {"title": "Bodies", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": {"/things": {"post": operation}}}


@pytest.fixture(scope="module")
def service() -> Service:
    """A service of it."""
    return Service(document())


@pytest.mark.parametrize("media_type", [name for name in SCHEMAS if "json" not in name])
def test_a_handler_is_given_what_is_sent(service: Service, media_type: str) -> None:
    """Byte for byte, and told its media type."""
    sent = b"<a>\xff</a>\r\n"
    headers = (("Content-Type", media_type),)
    assert service.ask(Request("POST", "/things", headers=headers, body=sent)).status == 200
    assert service.given is not None
    assert service.given["body"]["content"] == sent
    assert service.given["content_type"] == media_type


def test_json_beside_them_is_checked(service: Service) -> None:
    """As it would be alone."""
    headers = (("Content-Type", "application/json"),)
    wrong = Request("POST", "/things", headers=headers, body=b'{"a": "b"}')
    assert service.ask(wrong).status == 400


def test_each_is_noted(tmp_path: Path) -> None:
    """Once, with its line."""
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(document()))
    notes = [*unchecked_bodies(load_api(spec))]
    assert notes == [
        f"{spec}:1: {name} is given as it is sent: nothing in it is checked"
        for name in SCHEMAS
        if "json" not in name
    ]
