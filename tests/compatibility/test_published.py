"""The document for clients has nothing internal in it."""

from pathlib import Path

import openapi_spec_validator
import pytest

from generate.published import published, published_document
from openapi.bundle import Document
from openapi.reading import load_description
from services.declaration import Service
from services.reading import declared
from tests.describing import described

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("service", declared().services, ids=lambda each: each.name)
def test_it_is_whole_and_openapi(service: Service) -> None:
    """Valid, in one file, and with every public operation as the spec has it."""
    document = published_document(service.spec)
    openapi_spec_validator.validate(document)
    assert ".yaml" not in str(document)
    spec = load_description(service.spec)
    public = {str(each): each.responses for each in spec.operations if not each.internal}
    assert {str(each): each.responses for each in described(document).operations} == public


def small() -> Document:
    """An API in which `secret` is internal, and the schemas A to C are reached in all ways."""
    schema_a, loop = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/Loop"}
    schemas = {
        **{name: {"type": "string"} for name in "ABC"},
        "Open": {"properties": {"a": schema_a}},
        "Hidden": {"properties": {"a": schema_a, "loop": loop}},
        "Loop": {"items": loop},
    }
    answer = {"$ref": "#/components/responses/Fine"}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Small", "version": "1.0.0"},
        "tags": [{"name": "open"}, {"name": "closed"}],
        "paths": {
            "/a": {
                "get": {"operationId": "open", "tags": ["open"], "responses": {"200": answer}},
                "put": _internal("secret", "Hidden"),
            },
            "/b": {"get": _internal("secret_too", "B")},
        },
        "components": {
            "schemas": schemas,
            "responses": {
                "Fine": {
                    "description": "Fine.",
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Open"}}
                    },
                    "links": {
                        "secret": {"operationId": "secret"},
                        "open": {"operationId": "open"},
                    },
                }
            },
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "apikey"}},
        },
    }


def _internal(name: str, schema: str) -> Document:
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    answer = {"description": "Fine.", **body}
    return {
        "operationId": name,
        "x-internal": True,
        "tags": ["closed"],
        "requestBody": body,
        "responses": {"200": answer},
    }


def test_what_is_internal_is_gone_and_so_is_what_only_it_used() -> None:
    """Operations, paths left empty, links, tags, and components, through any number of steps."""
    before = described(small())
    document = published(before)
    assert before.document == small(), "the document that was handed in is as it was"
    openapi_spec_validator.validate(document)
    assert [each.operation_id for each in described(document).operations] == ["open"]
    assert list(document["paths"]) == ["/a"]
    assert document["tags"] == [{"name": "open"}]
    assert set(document["components"]["schemas"]) == {"Open", "A"}
    assert set(document["components"]["responses"]["Fine"]["links"]) == {"open"}
    assert set(document["components"]["securitySchemes"]) == {"key"}


def test_get_user_is_internal() -> None:
    """The one of ours: neither the operation nor a link to it is published."""
    assert "get_user" in str(load_description(ROOT / "specs" / "user.yaml").document)
    assert "get_user" not in str(published_document(ROOT / "specs" / "user.yaml"))


def test_what_only_a_discriminator_leads_to_stays() -> None:
    """By its reference, or by its bare name; the document can be read again."""
    mapping = {"cat": "#/components/schemas/Cat", "dog": "Dog"}
    pet = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    kinds = {name: {"allOf": [{"$ref": "#/components/schemas/Pet"}]} for name in ("Cat", "Dog")}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    operation = {"responses": {"200": {"description": "OK", "content": content}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {"/pet": {"get": operation}},
        "components": {"schemas": {"Pet": pet, **kinds, "Other": {"type": "string"}}},
    }
    shown = published(described(document))
    assert {*shown["components"]["schemas"]} == {"Pet", "Cat", "Dog"}
    assert {*described(shown).schemas} == {"Pet", "Cat", "Dog"}
