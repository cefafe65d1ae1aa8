"""Specs as one document: files brought together, the overlay of v2 laid over."""

from pathlib import Path

import openapi_spec_validator
import pytest

from contract.document import InvalidDocumentError, load_document, operations

SPECS = Path(__file__).parents[2] / "specs"


@pytest.mark.parametrize(
    ("spec", "overlay"), [("user.yaml", None), ("user.yaml", "user-v2.yaml"), ("order.yaml", None)]
)
def test_each_bundled_document_is_openapi(spec: str, overlay: str | None) -> None:
    """What the services bind is valid, and refers to nothing outside itself."""
    document = load_document(SPECS / spec, SPECS / overlay if overlay else None)
    openapi_spec_validator.validate(document)
    assert ".yaml#" not in str(document)


def test_operations_know_their_path_method_and_shared_parameters() -> None:
    """A path's own parameters belong to each of its operations."""
    found = {each.id: each for each in operations(load_document(SPECS / "order.yaml"))}
    status = found["update_order_status"]
    assert (status.method, status.path) == ("PUT", "/orders/{id}/status")
    assert [each["name"] for each in status.parameters] == ["id"]
    assert [each["name"] for each in found["list_orders"].parameters] == [
        "status",
        "limit",
        "cursor",
    ]


def test_the_overlay_only_touches_what_v2_adds() -> None:
    """v2's document is the published one but for its statement."""
    v1 = load_document(SPECS / "user.yaml")
    v2 = load_document(SPECS / "user.yaml", SPECS / "user-v2.yaml")
    assert v2["components"]["schemas"].pop("CreatedUser")
    assert v2["components"]["schemas"].pop("UpdatedUser")
    for path, method, status in (("/users/", "post", "201"), ("/users/{id}", "put", "200")):
        media = v2["paths"][path][method]["responses"][status]["content"]["application/json"]
        media["schema"] = {"$ref": "#/components/schemas/User"}
    sent = v1["components"]["schemas"]["SentTimestamp"]["description"]
    v2["components"]["schemas"]["SentTimestamp"]["description"] = sent
    assert v1 == v2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: {$ref: 'other.yaml#/b'}", "other.yaml"),
        ("a: {$ref: '#/nothing'}", "leads nowhere"),
        ("a: [", "while parsing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """A missing file, a dangling reference and broken YAML each say what and where."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(text)
    with pytest.raises(InvalidDocumentError) as caught:
        load_document(spec)
    assert reason in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_two_things_of_one_name_are_refused(tmp_path: Path) -> None:
    """A name that means one thing here and another there never wins silently."""
    (tmp_path / "one.yaml").write_text("components: {schemas: {X: {type: string}}}")
    (tmp_path / "two.yaml").write_text("components: {schemas: {X: {type: integer}}}")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "a: {$ref: 'one.yaml#/components/schemas/X'}\nb: {$ref: 'two.yaml#/components/schemas/X'}"
    )
    with pytest.raises(InvalidDocumentError, match="means another thing"):
        load_document(spec)


def test_an_overlay_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    """A target that has gone from the spec must not pass as done."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("actions: [{target: $.paths.gone, update: {}}]")
    with pytest.raises(InvalidDocumentError, match="finds nothing"):
        load_document(SPECS / "user.yaml", overlay)
