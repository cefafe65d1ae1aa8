"""A field of one's own, of every kind, through the user service and a real MongoDB and back."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from pymongo import MongoClient

from local.stack import Stack
from models.fields.order import Order
from models.fields.user import User
from openapi.reading import load_description
from processes.service import composed
from services.payload import payloads
from services.reading import declared
from storage.client import Json, MongoSettings, connect, now
from storage.contacts import MongoContactsStore
from storage.mongo_outbox import MongoOutbox
from storage.orders import Orders
from storage.setup import set_up
from storage.system_fields import CONTACT_VERSION, SINCE, value_of
from storage.users import Users, user_codec
from tests.apis import both_collections, contacts_in
from tests.examples import ADDRESS, ITEM

pytestmark = pytest.mark.anyio
SPECS = Path(__file__).parents[2] / "specs"
TEXT = {"type": "string", "maxLength": 3}
MOMENT = {"type": "string", "format": "date-time"}
NAMED: Json = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
AGED: Json = {"type": "object", "properties": {"age": {"type": "integer", "format": "int32"}}}
OWN = {"$ref": "#/components/schemas/own"}
SENT, READ = "2026-11-22T10:15:30.123456+01:00", "2026-11-22T09:15:30.123Z"
EARLY = "0001-01-01T00:30:00+01:00"
STORAGES_OWN = ("_id", "_system", "outbox", "contactVersion", "emailKeys", "revision")
"""Names that storage has, or had, for itself."""
HOSTILE: Json = {"": 1, "$x": 2, "a.b": 3, "__proto__": 4, "\x00": {"$set": {}}} | {
    name: {"contactVersion": [number, {"_id": None}], "_system": {"outbox": name}}
    for number, name in enumerate(STORAGES_OWN)
}


def deep(levels: int) -> list[Any]:
    """An array of so many levels."""
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@dataclass(frozen=True)
class Kind:
    """A schema, what is right for it (by how it comes back, where that is otherwise), and wrong."""

    schema: Json
    right: tuple[Any, ...]
    wrong: tuple[Any, ...]
    read: tuple[Any, ...] = ()


KINDS: Mapping[str, Kind] = {
    "date-time": Kind(
        MOMENT, (SENT, READ, EARLY), ("yesterday", 1, "2026-11-22"), (READ, READ, EARLY)
    ),
    "date": Kind({"type": "string", "format": "date"}, ("2026-11-22",), ("2026-02-30", SENT)),
    "nullable date-time": Kind({**MOMENT, "nullable": True}, (None, SENT), (0,), (None, READ)),
    "date-times in a list": Kind(
        {"type": "array", "items": MOMENT}, ([SENT, READ], []), (["x"], SENT), ([READ, READ], [])
    ),
    "date-times that must differ": Kind(
        {"type": "array", "items": MOMENT, "uniqueItems": True}, ([SENT, READ],), ([READ, READ],)
    ),
    "date-time whose text counts": Kind(
        {**MOMENT, "pattern": r"\+01:00$"}, (SENT,), (READ, "x+01:00")
    ),
    "date-time or text": Kind({"anyOf": [MOMENT, TEXT]}, (SENT, "abc"), ("abcd", 1)),
    "date-time or null": Kind(
        {"anyOf": [MOMENT, {"enum": [None], "nullable": True, "type": "string"}]},
        (SENT, None),
        ("abc",),
    ),
    "nullable enum": Kind(
        {"type": "string", "nullable": True, "enum": ["a", None]}, ("a", None), ("b", 1)
    ),
    "two objects": Kind(
        {"allOf": [NAMED, AGED]},
        ({"name": "a", "age": 1}, {"name": "a"}, {"name": "a", "b": []}),
        ({"age": 1}, {"name": "a", "age": "b"}, {"name": "a", "age": 1.0}),
    ),
    "one of two": Kind(
        {"oneOf": [{**NAMED, "additionalProperties": False}, {**AGED, "required": ["age"]}]},
        ({"name": "a"}, {"age": 1}),
        ({}, {"name": 1}),
    ),
    "open object": Kind(
        {"type": "object", "properties": {"a": TEXT}}, ({"a": "b", "c": 1}, HOSTILE), ({"a": 1}, [])
    ),
    "any object": Kind({"type": "object"}, (HOSTILE, {"a": HOSTILE, "b": [HOSTILE]}), (1,)),
    "properties and others": Kind(
        {**NAMED, "additionalProperties": {"type": "integer", "format": "int64"}},
        ({"name": "a", "$b": 2**63 - 1}, {"name": "a", "": -(2**63)}),
        ({"name": "a", "b": "c"}, {"name": "a", "b": 2**63}),
    ),
    "map of date-times": Kind(
        {"type": "object", "additionalProperties": MOMENT},
        ({"a.b": SENT, "$set": EARLY},),
        ({"a": "b"},),
        ({"a.b": READ, "$set": EARLY},),
    ),
    "pattern": Kind(
        {"type": "string", "pattern": "^\\u00e0\\s?$"}, ("à", "à\u2003"), ("a", "à\n\n")
    ),
    "decimal": Kind(
        {"type": "string", "format": "decimal"},
        ("1.10", "+1", "0.00000001", "1" * 50),
        ("1e5", "one", 1.1),
    ),
    "byte": Kind({"type": "string", "format": "byte"}, ("aGk=", ""), ("aGk", "aGl=")),
    "number": Kind({"type": "number"}, (1, 1.5, -0.0, 1e300, 2**53 + 1), ("1", 2**63)),
    "integer": Kind({"type": "integer"}, (2**62, -1), (10**30, 1.5)),
    "anything": Kind(
        {},
        (None, "$x", [{}], deep(80), 0.5, 2**63, {"a": [-(10**40)]}, "\ufdd5", "\ufdd51"),
        ({"\ufdd0": 1},),
    ),
    "itself": Kind(
        {
            "type": "object",
            "properties": {"in": {"$ref": "#/components/schemas/own"}, "at": MOMENT},
        },
        ({"in": {"in": {"at": SENT}, "at": EARLY}},),
        ({"in": {"in": {"at": "x"}}}, {"in": 1}),
        ({"in": {"in": {"at": READ}, "at": EARLY}},),
    ),
}


Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve(
    databases: Stack,
    root: MongoClient[Json],
    mongo: MongoSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Serve]:
    """The user service, with a database of its own; its users have a field of a schema, `own`.

    Or several that have it, of other names.
    """
    settings = replace(mongo, prefix=f"own_{uuid4().hex[:12]}")
    for name, value in databases.environment("mongodb-setup").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_NAME", settings.prefix)
    monkeypatch.setenv("VALIDATE_RESPONSES", "true")

    @asynccontextmanager
    async def served(schema: Json, *names: str) -> AsyncIterator[httpx.AsyncClient]:
        _write_specs(tmp_path, schema, names or ("own",))
        set_up(root, both_collections(settings.users, settings.orders, specs=tmp_path), {})
        row = replace(declared().by_api["user"], spec=tmp_path / "user.yaml")
        system = replace(declared(), events=tmp_path / "events.yaml")
        service = composed(system, row, row.version("v1"))
        transport = httpx.ASGITransport(service)
        async with (
            service._beside.router.lifespan_context(service._beside),
            httpx.AsyncClient(transport=transport, base_url="http://own") as client,
        ):
            yield client

    yield served
    root.drop_database(settings.users)
    root.drop_database(settings.orders)


def _write_specs(folder: Path, schema: Json, names: Iterable[str]) -> None:
    for spec in SPECS.glob("*.yaml"):
        (folder / spec.name).write_text(spec.read_text("utf-8"), "utf-8")
    file = folder / "user.yaml"
    user = yaml.safe_load(file.read_text("utf-8"))
    schemas = user["components"]["schemas"]
    schemas["own"] = schema
    for name in ("NewUser", "UserUpdate", "User"):
        schemas[name]["properties"] |= dict.fromkeys(names, OWN)
    file.write_text(yaml.safe_dump(user, allow_unicode=True), "utf-8")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_what_is_right_comes_back_and_what_is_wrong_is_refused(
    serve: Serve, kind: Kind
) -> None:
    """By POST, PUT and GET; dates as the same instant, everything else as it was sent."""
    async with serve(kind.schema) as client:
        for sent, read in zip(kind.right, kind.read or kind.right, strict=True):
            user = {User.emails: [f"{uuid4().hex}@example.com"], User.deliveryAddress: ADDRESS}
            plain = (await client.post("/users/", json=user)).raise_for_status().json()
            user[User.emails] = [f"{uuid4().hex}@example.com"]
            made = await client.post("/users/", json={**user, "own": sent})
            changed = await client.put(
                f"/users/{plain[User.userId]}", json={User.deliveryAddress: ADDRESS, "own": sent}
            )
            for answer in (made, changed):
                assert answer.is_success, answer.text
                _is_same(answer.json()["own"], read)
                got = await client.get(f"/users/{answer.json()[User.userId]}")
                _is_same(got.json()["own"], read)
        for sent in kind.wrong:
            user = {User.emails: [f"{uuid4().hex}@example.com"], User.deliveryAddress: ADDRESS}
            for answer in (
                await client.post("/users/", json={**user, "own": sent}),
                await client.put(
                    f"/users/{plain[User.userId]}",
                    json={User.deliveryAddress: ADDRESS, "own": sent},
                ),
            ):
                assert answer.status_code == 400, (sent, answer.text)
                pointers = [each["pointer"] for each in answer.json()["errors"]]
                assert all(each.startswith("#/own") for each in pointers), pointers


async def test_what_is_called_like_storages_own_is_stored_like_any_other(
    serve: Serve, root: MongoClient[Json]
) -> None:
    """Under its own name, but for the two that are taken; and the change is published as ever."""
    async with serve({"type": "object"}, *STORAGES_OWN) as client:
        own = dict.fromkeys(STORAGES_OWN, HOSTILE)
        user: Json = {User.emails: [f"{uuid4().hex}@example.com"], User.deliveryAddress: ADDRESS}
        made = (await client.post("/users/", json=user | own)).raise_for_status().json()
        path = f"/users/{made[User.userId]}"
        user = {User.emails: [f"{uuid4().hex}@example.com"]}
        changed = (await client.put(path, json=user | own)).raise_for_status().json()
        for answer in (made, changed, (await client.get(path)).raise_for_status().json()):
            assert {name: answer[name] for name in STORAGES_OWN} == own
        (database,) = (
            each for each in root.list_database_names() if re.match("own_.*_users", each)
        )
        (stored,) = root[database]["users"].find({SINCE: {"$exists": True}})
        assert value_of(stored, CONTACT_VERSION) == 2
        assert {*STORAGES_OWN} - {"_id", "_system"} < stored.keys()


def _is_same(found: Any, wanted: Any) -> None:  # noqa: ANN401 - any of JSON
    assert found == wanted
    assert repr(found) == repr(wanted)  # 1 is no True, nor 1.0, and -0.0 is not 0.0


async def test_a_document_that_grows_too_large_is_413(
    serve: Serve, root: MongoClient[Json]
) -> None:
    """By the PUT that would make it so; what was there stays."""
    async with serve({"type": "object"}) as client:
        user = {User.emails: [f"{uuid4().hex}@example.com"], User.deliveryAddress: ADDRESS}
        path = f"/users/{(await client.post('/users/', json=user)).json()['userId']}"
        (name,) = (each for each in root.list_database_names() if re.match("own_.*_users", each))
        root[name]["users"].update_one({}, {"$set": {"own.a": "x" * (16 * 2**20 - 2**10)}})
        address = dict.fromkeys(ADDRESS, "y" * 200)
        answer = await client.put(path, json={User.deliveryAddress: address})
        assert answer.status_code == 413, answer.text
        assert (await client.get(path)).json()[User.deliveryAddress] == ADDRESS


async def test_contact_data_of_ones_own_reach_the_orders(
    root: MongoClient[Json], mongo: MongoSettings, tmp_path: Path
) -> None:
    """A date and hostile names in an address: from the user by the outbox to an order, and back."""
    for spec in SPECS.glob("*.yaml"):
        (tmp_path / spec.name).write_text(spec.read_text("utf-8"), "utf-8")
    shared = yaml.safe_load((tmp_path / "shared.yaml").read_text("utf-8"))
    address = shared["components"]["schemas"]["DeliveryAddress"]
    address["properties"]["since"] = MOMENT
    address["additionalProperties"] = {"type": "integer", "format": "int32"}
    (tmp_path / "shared.yaml").write_text(yaml.safe_dump(shared), "utf-8")
    own = replace(mongo, prefix=f"own_{uuid4().hex[:12]}")
    set_up(root, both_collections(own.users, own.orders, specs=tmp_path), {})
    user_api, order_api, events = (
        load_description(tmp_path / f"{name}.yaml") for name in ("user", "order", "events")
    )
    sent, read = ({**ADDRESS, "since": each, "$x": 1, "a.b": 2, "": 3} for each in (SENT, READ))
    async with connect(own) as client:
        users = Users(client[own.users]["users"], "v1", user_api)
        (row,) = declared().by_api["order"].collections
        orders = Orders(client[own.orders], order_api, events, row)
        store = MongoContactsStore(client[own.orders], order_api, events)
        user = await users.create({User.emails: ["a@example.com"], User.deliveryAddress: ADDRESS})
        order = {Order.userId: user[User.userId], Order.items: [ITEM]}
        order |= {Order.userEmails: ["a@example.com"], Order.orderStatus: "shipping"}
        made = [await orders.create({**order, Order.deliveryAddress: ADDRESS}) for _ in range(2)]
        changed = await users.update_contacts(user[User.userId], {User.deliveryAddress: sent}, {})
        assert changed[User.deliveryAddress] == read
        told = payloads(declared().by_api["user"], events)
        outbox = MongoOutbox(client[own.users]["users"], user_codec(user_api), told)
        contacts = [contacts_in(each) async for batch in outbox.unpublished(9) for each in batch]
        assert [each.delivery_address for each in contacts] == [read]
        await store.put_if_newer(contacts)
        assert (await store.get([user[User.userId]]))[user[User.userId]] == contacts[0]
        emails = ["b@example.com"]
        taken = await orders.update_details(made[0][Order.orderId], {Order.userEmails: emails})
        assert (taken[Order.deliveryAddress], taken[Order.userEmails]) == (read, emails)
        assert await store.update_orders(contacts, now()) == 1
        assert (await orders.get(made[1][Order.orderId]))[Order.deliveryAddress] == read
        page = (await orders.page(None, 10, None)).items
        assert [each[Order.deliveryAddress] for each in page] == [read, read]
    root.drop_database(own.users)
    root.drop_database(own.orders)
