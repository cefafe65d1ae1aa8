"""The sample data follow the specs: a change of them is filled in, or told in a sentence."""

import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from contract.schema import Schema
from models.fields.order import Order
from models.fields.user import DeliveryAddress, User
from openapi.description import Description
from openapi.errors import InvalidDocumentError
from openapi.reading import load_description
from services.declaration import Collection, Service, System
from services.reading import declared
from storage.client import Json
from storage.layout import collections
from storage.sample_data import ORDERS, USERS, sample_orders, sample_users, samples
from storage.seed import seed
from storage.users import user_codec
from tests.apis import both_collections

ROOT = Path(__file__).parents[2]

Changed = Callable[..., tuple[Description, Description]]
"""Reads both specs with edits of theirs: pairs of old and new, by the file's name."""


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """In a folder of the test's own."""

    def read(**edits: tuple[str, str]) -> tuple[Description, Description]:
        shutil.copytree(ROOT / "specs", tmp_path / "specs")
        for name, (old, new) in edits.items():
            file = tmp_path / "specs" / f"{name}.yaml"
            text = file.read_text("utf-8")
            assert text.count(old) == 1
            file.write_text(text.replace(old, new), "utf-8")
        user, order = (
            load_description(tmp_path / "specs" / f"{n}.yaml") for n in ("user", "order")
        )
        return user, order

    return read


def _made(apis: tuple[Description, Description]) -> tuple[list[Any], list[Any]]:
    users = sample_users(apis[0])
    orders = sample_orders(apis[1], users)
    for api, entity, values in ((apis[0], "User", users), (apis[1], "Order", orders)):
        schema = Schema(api.schemas[entity], api.schemas, closed=True)
        assert [schema.issues(each) for each in values] == [[]] * len(values)
    return users, orders


def test_the_papers_ids_are_there_and_fit(changed: Changed) -> None:
    """u1 to u5 and o1 to o15, the same every time, in the statuses of the spec in turn."""
    apis = changed()
    users, orders = _made(apis)
    assert [each[Order.userId] for each in users] == [f"u{n}" for n in range(1, USERS + 1)]
    assert [each[Order.orderId] for each in orders] == [f"o{n}" for n in range(1, ORDERS + 1)]
    statuses = apis[1].schemas["OrderStatus"]["enum"]
    assert [each[Order.orderStatus] for each in orders] == statuses * 5
    assert (users, orders) == _made(apis)


REQUIRED = "required: [userId, emails, deliveryAddress]\n      properties:\n"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("{type: string, example: gold}", "gold"),
        ("{type: string, default: silver, maxLength: 9}", "silver"),
        ("{type: string, enum: [x, y]}", "x"),
        ("{type: integer, minimum: 7, maximum: 9}", 7),
        ("{type: number, minimum: 0.5, exclusiveMinimum: true}", 1.5),
        ("{type: string, pattern: '^[0-9]{10,15}$'}", "0" * 10),
        ("{type: string, format: uuid}", "08884b79-e16c-4976-a52e-ba1b2b62cfaa"),
        ("{type: boolean}", False),
        ("{type: array, minItems: 2, items: {type: integer, minimum: 3}}", [3, 3]),
        (
            "{type: object, required: [a], properties: {a: {type: string, nullable: true}}}",
            {"a": "a"},
        ),
        (
            "{allOf: [{$ref: 'shared.yaml#/components/schemas/Id'}]}",
            "08884b79-e16c-4976-a52e-ba1b2b62cfaa",
        ),
    ],
)
def test_a_new_required_field_is_filled_in(changed: Changed, schema: str, value: object) -> None:
    """From an example, a default, or what the schema asks."""
    required = REQUIRED.replace("emails,", "emails, tier,")
    users, _ = _made(changed(user=(REQUIRED, f"{required}        tier: {schema}\n")))
    assert [each["tier"] for each in users] == [value] * USERS


def test_a_new_required_field_within_what_is_there_is_filled_in(changed: Changed) -> None:
    """Of an address, and of each item of an order."""
    users, orders = _made(
        changed(
            order=(
                "required: [itemId, quantity, price]\n      properties:\n",
                (
                    "required: [itemId, quantity, price, colour]\n      properties:\n"
                    "        colour: {type: string, default: red}\n"
                ),
            ),
            shared=(
                "postalCode, country]\n      properties:\n",
                (
                    "postalCode, country, floor]\n      properties:\n"
                    "        floor: {type: integer, example: 3}\n"
                ),
            ),
        )
    )
    assert {each[Order.deliveryAddress]["floor"] for each in (*users, *orders)} == {3}
    assert {item["colour"] for order in orders for item in order[Order.items]} == {"red"}
    assert users[0][User.deliveryAddress][DeliveryAddress.street] == "12 Maple Street"


def test_the_database_takes_what_was_filled_in(
    changed: Changed, root: MongoClient[Json], tmp_path: Path
) -> None:
    """Under validators and indexes of the changed specs; a second time nothing is missing."""
    required = REQUIRED.replace("emails,", "emails, since, tier,")
    fields = (
        "        since: {type: string, format: date-time}\n"
        "        tier: {type: array, minItems: 1, items: {type: string, format: uuid}}\n"
    )
    apis = changed(user=(REQUIRED, required + fields))
    prefix = f"test_{uuid4().hex[:12]}"
    users, orders = f"{prefix}_users", f"{prefix}_orders"

    def api_of(service: Service) -> Description:
        return dict(zip(("user", "order"), apis, strict=True))[service.api]

    def seeded() -> Mapping[str, int]:
        found = samples(declared(), api_of)
        return seed(root, lambda name: f"{prefix}_{name}", found, api_of, lambda: None)

    try:
        for each in both_collections(users, orders, specs=tmp_path / "specs"):
            validator = {"$jsonSchema": each.schema}
            made = root[each.database].create_collection(each.name, validator=validator)
            if each.indexes:
                made.create_indexes([*each.indexes])
        assert seeded() == {"users": USERS, "orders": ORDERS}
        assert seeded() == {"users": 0, "orders": 0}
        stored = root[users]["users"].find_one("u1")
        assert stored is not None
        assert isinstance(stored["since"], datetime)
        assert user_codec(apis[0]).to_wire(stored).items() >= sample_users(apis[0])[0].items()
    finally:
        for name in (users, orders):
            root.drop_database(name)


def test_what_does_not_fit_any_more_gives_way_to_an_example(changed: Changed) -> None:
    """The rest stays."""
    old = ("pattern: '^[0-9]{10,15}$'", "minLength: 10", "maxLength: 15", "example: '14155551234'")
    new = ("pattern: '^[+][0-9]{10,15}$'", "example: '+14155551234'")
    users, _ = _made(changed(user=("\n      ".join(old), "\n      ".join(new))))
    assert {each[User.phoneNumber] for each in users} == {"+14155551234"}
    assert users[0][User.firstName] == "Alice"


def test_statuses_are_those_of_the_spec(changed: Changed) -> None:
    """Where there is a list of them; else the example."""
    old = "enum: [under process, shipping, delivered]\n      maxLength: 13\n"
    edited = old.replace("under process,", "placed, under process,")
    _, orders = _made(changed(order=(old, edited)))
    assert [each[Order.orderStatus] for each in orders][:5] == [
        *("placed", "under process", "shipping", "delivered", "placed"),
    ]


def test_what_nobody_can_make_is_told_with_its_line(changed: Changed) -> None:
    """In `make check`, before a database could refuse it."""
    required = REQUIRED.replace("emails,", "emails, vat,")
    apis = changed(
        user=(REQUIRED, f"{required}        vat: {{type: string, pattern: '^DE[0-9]{{9}}$'}}\n")
    )
    with pytest.raises(InvalidDocumentError) as caught:
        sample_users(apis[0])
    assert re.fullmatch(
        r"\S*user\.yaml:\d+: vat is required, and no value for the sample data can be made of its "
        r"schema: write an `example` or a `default`",
        str(caught.value),
    )
    line = int(str(caught.value).split(":")[1])
    place = str(caught.value).split(":")[0]
    assert "vat: {type" in (Path.cwd() / place).read_text("utf-8").splitlines()[line - 1]


def test_addresses_of_which_an_example_is_only_one_are_told(changed: Changed) -> None:
    """Each user needs some of its own."""
    apis = changed(
        shared=(
            "      format: email\n      maxLength: 254\n      example: jane.smith@personal.com\n",
            (
                "      format: email\n      pattern: '@personal[.]com$'\n"
                "      example: jane.smith@personal.com\n"
            ),
        )
    )
    with pytest.raises(
        InvalidDocumentError, match=r"yaml:\d+: the sample data do not fit: #/emails "
    ):
        sample_users(apis[0])


GIZMOS = """
openapi: 3.1.0
info: {title: Gizmos, version: '1'}
paths: {}
components:
  schemas:
    Gizmo:
      type: object
      required: [gizmoId, name]
      properties:
        gizmoId: KEY
        name: {type: string, examples: [Widget]}
        mails: {type: array, items: {type: string, format: email}}
"""


@pytest.mark.parametrize(
    ("key", "more", "ids"),
    [
        ("{type: string}", {}, ["g1", "g2", "g3", "g4", "g5"]),
        ("{type: integer, format: int64}", {}, [1, 2, 3, 4, 5]),
        ("{type: string, maxLength: 1}", {}, []),
        ("{type: string}", {"unique": ("name", "mails")}, ["g1"]),
        ("{type: string}", {"name": "order", "schema": "Nothing"}, ["o1", "o2", "o3", "o4", "o5"]),
    ],
)
def test_a_further_collection_is_filled_too(
    root: MongoClient[Json], tmp_path: Path, key: str, more: dict[str, Any], ids: list[Any]
) -> None:
    """By what its schema says, once; nothing where no key fits."""
    text = GIZMOS.replace("KEY", key).replace("Gizmo:", f"{more.get('schema', 'Gizmo')}:")
    (tmp_path / "gizmo.yaml").write_text(text, "utf-8")
    prefix = f"test_{uuid4().hex[:12]}"
    row = Collection(**({"name": "gizmos", "schema": "Gizmo", "key": "gizmoId"} | more))
    service = Service(
        "gizmo",
        spec=tmp_path / "gizmo.yaml",
        handlers="handlers.gizmo",
        versions=(),
        database="gizmo",
        collections=(row,),
    )
    system = System(tmp_path, (service,))
    (layout,) = collections(system, lambda name: f"{prefix}_{name}")
    validator = {"$jsonSchema": layout.schema}

    def seeded() -> Mapping[str, int]:
        found = samples(system, lambda each: load_description(each.spec))
        return seed(
            root,
            lambda name: f"{prefix}_{name}",
            found,
            lambda each: load_description(each.spec),
            lambda: None,
        )

    try:
        root[layout.database].create_collection(row.name, validator=validator)
        assert seeded() == {row.name: len(ids)}
        assert seeded() == {row.name: 0}
        assert root[layout.database][row.name].distinct("gizmoId") == ids
    finally:
        root.drop_database(layout.database)
