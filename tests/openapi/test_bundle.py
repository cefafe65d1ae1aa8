"""Specs as one document: files brought together, the overlay of v2 laid over."""

from copy import deepcopy
from pathlib import Path

import openapi_spec_validator
import pytest

from openapi.errors import InvalidDocumentError
from openapi.reading import load_description

SPECS = Path(__file__).parents[2] / "specs"
HEAD = "openapi: 3.0.3\ninfo: {title: Test, version: '1'}\npaths: {}\n"


@pytest.mark.parametrize(
    ("spec", "overlay"), [("user.yaml", None), ("user.yaml", "user-v2.yaml"), ("order.yaml", None)]
)
def test_each_bundled_document_is_openapi(spec: str, overlay: str | None) -> None:
    """What the services bind is valid, and refers to nothing outside itself."""
    document = load_description(SPECS / spec, SPECS / overlay if overlay else None).document
    openapi_spec_validator.validate(document)
    assert ".yaml#" not in str(document)


def test_operations_know_their_path_method_and_shared_parameters() -> None:
    """A path's own parameters belong to each of its operations."""
    found = {each.id: each for each in load_description(SPECS / "order.yaml").operations}
    status = found["update_order_status"]
    assert (status.method, status.path) == ("PUT", "/orders/{id}/status")
    assert [each.name for each in status.arguments] == ["id"]
    assert [each.name for each in found["list_orders"].parameters] == ["status", "limit", "cursor"]


def test_the_overlay_only_touches_what_v2_adds() -> None:
    """v2's document is the published one but for its overlay."""
    v1 = load_description(SPECS / "user.yaml").document
    v2 = deepcopy(load_description(SPECS / "user.yaml", SPECS / "user-v2.yaml").document)
    for path, method, status in (("/users/", "post", "201"), ("/users/{id}", "put", "200")):
        said = [each["paths"][path][method]["responses"][status] for each in (v1, v2)]
        said[1]["description"] = said[0]["description"]
    sent = v1["components"]["schemas"]["SentTimestamp"]["description"]
    v2["components"]["schemas"]["SentTimestamp"]["description"] = sent
    assert v1 == v2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("components: {schemas: {a: {$ref: 'other.yaml#/b'}}}", "other.yaml"),
        ("components: {schemas: {a: {$ref: '#/nothing'}}}", "leads nowhere"),
        ("a: [", "while parsing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """A missing file, a dangling reference and broken YAML each say what and where."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(HEAD + text)
    with pytest.raises(InvalidDocumentError) as caught:
        load_description(spec)
    assert reason in str(caught.value)
    assert f"{spec}:4: " in str(caught.value) or f"{spec}:5: " in str(caught.value)


def test_two_things_of_one_name_get_two_names(tmp_path: Path) -> None:
    """A name that means one thing in one file and another in the next never wins silently."""
    for name, kind in (("one", "string"), ("two", "integer")):
        (tmp_path / f"{name}.yaml").write_text(f"components: {{schemas: {{X: {{type: {kind}}}}}}}")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"{HEAD}components:\n"
        "  schemas:\n"
        "    A: {$ref: 'one.yaml#/components/schemas/X'}\n"
        "    B: {$ref: 'two.yaml#/components/schemas/X'}\n"
    )
    schemas = load_description(spec).schemas
    assert schemas["A"] == {"$ref": "#/components/schemas/X"}
    assert schemas["B"] == {"$ref": "#/components/schemas/two_X"}
    assert [schemas[name]["type"] for name in ("X", "two_X")] == ["string", "integer"]


def test_an_overlay_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    """A target that has gone from the spec must not pass as done."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("actions: [{target: $.paths.gone, update: {}}]")
    with pytest.raises(
        InvalidDocumentError, match=r"overlay\.yaml:1: \$\.paths\.gone finds nothing"
    ):
        load_description(SPECS / "user.yaml", overlay)


def test_what_an_overlay_says_wrongly_is_found_in_the_overlay(tmp_path: Path) -> None:
    """The line is that of the overlay, not one of the spec below it."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "actions:\n"
        "  - target: $.components.schemas.User\n"
        "    update:\n"
        "      properties:\n"
        "        nickname: {typ: string}\n"
    )
    with pytest.raises(InvalidDocumentError, match=r"overlay\.yaml:5: a schema has no `typ`"):
        load_description(SPECS / "user.yaml", overlay)
