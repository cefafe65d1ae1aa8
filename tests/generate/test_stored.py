"""`make check` says where a change of the specs needs a migration, and where it needs none."""

from pathlib import Path

import pytest

from generate.sources import read_sources
from generate.stored import takes_all, unmigrated
from storage.client import Json
from tests.declaring import copy_declared
from tests.generate.conftest import replace_in

_ANSWERED = "        orderStatus: {$ref: '#/components/schemas/OrderStatus'}\n        createdAt"
_REQUIRED = "required: [orderId, items, userEmails"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The specs and the migrations, as if they had just been released."""
    (tmp_path / "migrations").mkdir()
    return copy_declared(tmp_path)


def edit(copy: Path, before: str, after: str) -> None:
    """Change the order spec."""
    spec = copy / "specs" / "order.yaml"
    text = spec.read_text("utf-8")
    assert before in text
    spec.write_text(text.replace(before, after), "utf-8")


def migrate(copy: Path, change: str, name: str = "0001_test") -> None:
    """Write a migration of the orders."""
    text = (
        "from storage.evolution.changes import Drop, Migration, Rename, Transform\n"
        f'MIGRATION = Migration("orders", ({change},))\n'
    )
    (copy / "migrations" / f"{name}.py").write_text(text)


def gift(schema: str) -> str:
    """A field `gift` of the orders that are stored."""
    return _ANSWERED.replace("        createdAt", f"        gift: {schema}\n        createdAt")


@pytest.mark.parametrize(
    ("required", "schema"),
    [
        (False, "{type: string}"),
        (True, "{type: string, default: none}"),
        (True, "{allOf: [{$ref: '#/components/schemas/OrderStatus'}], default: shipping}"),
        (False, "{type: object, required: [a], properties: {a: {type: string}}}"),
    ],
)
def test_what_adds_needs_no_migration(copy: Path, schema: str, *, required: bool) -> None:
    """Nor does what is required and has a default."""
    edit(copy, _ANSWERED, gift(schema))
    if required:
        edit(copy, _REQUIRED, _REQUIRED.replace("[", "[gift, "))
    assert [*unmigrated(read_sources(copy))] == []


def test_what_is_wider_needs_no_migration(copy: Path) -> None:
    """One status more, longer lists."""
    edit(
        copy,
        "enum: [under process, shipping, delivered]",
        "enum: [x, under process, shipping, delivered]",
    )
    edit(copy, "maxItems: 200", "maxItems: 201")
    assert [*unmigrated(read_sources(copy))] == []


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (
            _ANSWERED,
            gift("{type: string}"),
            "gift is required and has no default, and may be missing",
        ),
        (
            "enum: [under process, shipping, delivered]",
            "enum: [under process, delivered]",
            "orderStatus may hold what does not fit any more",
        ),
        ("maxItems: 200", "maxItems: 199", "items may hold what does not fit any more"),
        ("minimum: 1,", "minimum: 2,", "items may hold what does not fit any more"),
        (
            "required: [itemId, quantity, price]",
            "required: [itemId, quantity, price, x]",
            "items may hold",
        ),
        ("{type: number, format: double", "{type: integer, format: int32", "items may hold"),
        (_ANSWERED, "        createdAt", "orderStatus is no more, and may be there"),
    ],
)
def test_what_may_contradict_documents_needs_one(
    copy: Path, before: str, after: str, line: str
) -> None:
    """The line says the field, why, and the command that begins it; a migration ends it."""
    edit(copy, before, after)
    field = line.split(maxsplit=1)[0]
    if "required and" in line:
        edit(copy, _REQUIRED, _REQUIRED.replace("[", "[gift, "))
    if "no more" in line:
        replace_in(copy / "services.yaml", "        filters: [orderStatus]\n", "")
        edit(copy, "deliveryAddress, orderStatus, createdAt", "deliveryAddress, createdAt")
    (found,) = unmigrated(read_sources(copy))
    assert found.startswith(f"orders: {line}")
    assert "aware migrate new NAME --collection orders" in found
    change = f'Drop("{field}")' if "no more" in line else f'Transform(("{field}",), dict)'
    migrate(copy, change)
    assert [*unmigrated(read_sources(copy))] == []


def test_a_migration_of_the_last_release_does_not_count(copy: Path) -> None:
    """It changed what was stored before."""
    migrate(copy, 'Transform(("items",), dict)')
    (copy / "specs" / "released" / "migrations.txt").write_text("0001_test\n")
    edit(copy, "maxItems: 200", "maxItems: 199")
    assert len([*unmigrated(read_sources(copy))]) == 1


@pytest.mark.parametrize(
    ("now", "before", "wider"),
    [
        ({"bsonType": ["int", "long"]}, {"bsonType": "int"}, True),
        ({"bsonType": "int"}, {"bsonType": ["int", "long"]}, False),
        ({"pattern": "a"}, {"pattern": "b"}, False),
        ({}, {"pattern": "b"}, True),
        ({"pattern": "b"}, {}, False),
        ({"minLength": 1}, {"minLength": 2}, True),
        ({"minLength": 2}, {"minLength": 1}, False),
        ({"properties": {"a": {"maximum": 1}}}, {"properties": {}}, False),
        (
            {"properties": {"a": {"maximum": 1}}, "additionalProperties": False},
            {"properties": {}, "additionalProperties": False},
            True,
        ),
        (
            {"properties": {}, "additionalProperties": False},
            {"properties": {"a": {}}, "additionalProperties": False},
            False,
        ),
        ({"additionalProperties": False}, {}, False),
        ({"items": {"maximum": 2}}, {"items": {"maximum": 1}}, True),
        ({"items": {"maximum": 1}}, {"items": {"maximum": 2}}, False),
    ],
)
def test_what_takes_all_that_fitted_before(now: Json, before: Json, *, wider: bool) -> None:
    """Where it is hard to tell it is a no."""
    assert takes_all(now, before) is wider
