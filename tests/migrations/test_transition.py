"""From one version of what is stored to the next: what the set-up does, and in which order."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import WriteError

from storage.client import Json, MongoSettings, connect
from storage.contradictions import ContradictionError
from storage.evolution.changes import Change, Drop, Rename, Split, Transform
from storage.evolution.errors import MigrationError
from storage.evolution.layers import Phase
from storage.evolution.loading import load
from storage.evolution.presence import NewerDatabaseError, Presence
from storage.evolution.records import LAYOUT, Records
from storage.evolution.reserve import NAME
from storage.evolution.steps import Step
from storage.layout import Collection, digest
from storage.setup import set_up
from storage.system_fields import EMAIL_KEYS
from tests.apis import both_collections
from tests.storage.test_validators import order

SPECS = Path(__file__).parents[2] / "specs"
RENAME = Rename("orderStatus", "status")


def layout(own: MongoSettings, *changes: Change, **parts: Any) -> list[Collection]:  # noqa: ANN401
    """The layout with a migration for each change of the orders, and parts of it replaced."""
    steps = [Step(f"{n:04}_test", "orders", (each,)) for n, each in enumerate(changes, 1)]
    found = both_collections(own.users, own.orders, steps)
    return [replace(each, **parts) if each.name == "orders" else each for each in found]


def required(name: str, schema: Json, own: MongoSettings, *changes: Change) -> Json:
    """The schema of the orders with one more field, which is required."""
    (found,) = (each.schema for each in layout(own, *changes) if each.name == "orders")
    return {
        **found,
        "properties": {**found["properties"], name: schema},
        "required": [*found["required"], name],
    }


def leave_word(root: MongoClient[Json], own: MongoSettings, which: Iterable[Collection]) -> None:
    """A process with this layout of the orders runs, and does not end."""
    of_orders = digest(each for each in which if each.database == own.orders)
    root[own.orders]["processes"].update_one(
        {"_id": "other"},
        {
            "$set": {"name": "other", "digest": of_orders, "phases": {}},
            "$currentDate": {"seen": True},
        },
        upsert=True,
    )


def enforced(root: MongoClient[Json], own: MongoSettings) -> Json:
    """The validator of the orders."""
    (found,) = root[own.orders].list_collections(filter={"name": "orders"})
    schema: Json = found["options"]["validator"]["$jsonSchema"]
    return schema


def test_what_is_required_and_has_a_default_is_filled_in(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """It is said with its count before, progress is shown, and a second time there is nothing."""
    set_up(root, layout(own), {})
    orders = root[own.orders]["orders"]
    orders.insert_many([order(_id=f"o{n}") for n in range(7)])
    orders.update_one(
        {"_id": "o3"}, {"$set": {"items": [{"itemId": "b", "quantity": 1, "price": 1}]}}
    )
    schema = required("priority", {"enum": ["low", "high"]}, own)
    wanted = layout(
        own,
        schema=schema,
        complete=lambda found: {"priority": "low", **found},
        defaults={"priority": "low"},
    )
    said: list[str] = []
    shown: list[int] = []
    for _ in range(2):
        set_up(root, wanted, {}, say=said.append, progress=lambda _, __: nullcontext(shown.append))
    assert said == [f"Pending: {own.orders}.orders: 7 documents get defaults"]
    assert sum(shown) == 7
    assert orders.count_documents({"priority": "low"}) == 7
    assert enforced(root, own) == schema


def test_as_long_as_another_version_runs_documents_stay_and_both_may_write(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """And either shape of each field; when it has ended, only the new one."""
    old, new = layout(own), layout(own, RENAME)
    set_up(root, old, {})
    leave_word(root, own, old)
    orders = root[own.orders]["orders"]
    orders.insert_one(order(_id="o1"))
    said: list[str] = []
    set_up(root, new, {}, say=said.append)
    assert said[0] == (
        f"Pending: 0001_test: {own.orders}.orders: store orderStatus as status (1 of 1 documents)"
    )
    assert said[1].startswith("Waiting: other of another version still run")
    moved = order(_id="o2", status="shipping")
    del moved["orderStatus"]
    orders.insert_many([moved, order(_id="o3"), order(_id="o4", status="delivered")])
    with pytest.raises(WriteError):
        orders.insert_one(order(_id="o5", stat="shipping"))
    root[own.orders]["processes"].delete_many({})
    set_up(root, new, {})
    assert orders.count_documents({"status": "shipping"}) == 4  # the old one is the truth
    assert not orders.count_documents({"orderStatus": {"$exists": True}})
    assert "orderStatus" not in str([each["key"] for each in orders.list_indexes()])
    with pytest.raises(WriteError):
        orders.insert_one(order(_id="o6"))


def test_a_process_of_the_new_version_has_to_take_over_first(
    root: MongoClient[Json], own: MongoSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might write the old shape once more; nothing is moved before."""
    monkeypatch.setattr("storage.evolution.transition._TAKEN_OVER_WITHIN", 0.5)
    new = layout(own, RENAME)
    set_up(root, layout(own), {})
    root[own.orders]["orders"].insert_one(order(_id="o1"))
    leave_word(root, own, new)
    with pytest.raises(MigrationError, match=r"other does not take 0001_test over\. Next: restart"):
        set_up(root, new, {})
    assert root[own.orders]["orders"].count_documents({"orderStatus": "shipping"}) == 1
    set_up(root, new, {}, alone=True)
    assert root[own.orders]["orders"].count_documents({"status": "shipping"}) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Transform(("x",), lambda _: {}), "1 document does not fit"),
        (Drop("items"), "items is missing"),
    ],
)
def test_a_migration_after_which_documents_do_not_fit_changes_nothing(
    root: MongoClient[Json], own: MongoSettings, change: Change, reason: str
) -> None:
    """It is found before anything is done."""
    set_up(root, layout(own), {})
    root[own.orders]["orders"].insert_one(order(_id="o1"))
    wanted = layout(own, change, schema=required("x", {"bsonType": "string"}, own, change))
    before = enforced(root, own)
    with pytest.raises(ContradictionError, match=reason):
        set_up(root, wanted, {})
    assert enforced(root, own) == before
    assert Records(root[own.orders]).phases() == {NAME: Phase.DONE}


def _unwritten(_: Json) -> Json:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("apply", "reason"),
    [
        (_unwritten, "migrations/0001_test.py is not written yet"),
        (lambda each: {"x": each["secret"]}, r"0001_test.py fails for .*\.orders o1: KeyError$"),
    ],
)
def test_a_migration_that_fails_is_told_without_what_documents_hold(
    root: MongoClient[Json],
    own: MongoSettings,
    apply: Callable[[Json], Json],
    reason: str,
) -> None:
    """File, document, kind of error."""
    set_up(root, layout(own), {})
    root[own.orders]["orders"].insert_one(order(_id="o1"))
    with pytest.raises(MigrationError, match=reason):
        set_up(root, layout(own, Transform(("x",), apply)), {})


def test_a_version_without_a_migration_that_was_applied_is_refused(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """Forwards only; what was only begun may be given up."""
    set_up(root, layout(own, RENAME), {})
    with pytest.raises(MigrationError, match="gone through the migration 0001_test"):
        set_up(root, layout(own), {})
    root[own.orders]["migrations"].update_one({"_id": "0001_test"}, {"$set": {"phase": 0}})
    set_up(root, layout(own), {})


def test_a_migration_may_not_come_before_one_that_was_applied(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """It would be applied to other documents than here."""
    later = [Step("0002_test", "orders", (RENAME,))]
    set_up(root, both_collections(own.users, own.orders, later), {})
    new = [Step("0001_new", "orders", (Drop("giftNote"),)), *later]
    with pytest.raises(MigrationError, match=r"0001_new.py comes before 0002_test"):
        set_up(root, both_collections(own.users, own.orders, new), {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Rename("orderState", "status"), "orders has no field orderState"),
        (Rename("createdAt", "made"), "orders are sorted by createdAt"),
        (Split("userId", {"a": {}}, dict, dict), "userId is in the index user_contact_version"),
    ],
)
def test_a_migration_that_cannot_be_is_refused(
    own: MongoSettings, change: Change, reason: str
) -> None:
    """With its file, before any database is asked."""
    with pytest.raises(MigrationError, match=f"migrations/0001_test.py: {reason}"):
        layout(own, change)


def test_a_unique_field_keeps_its_name(own: MongoSettings) -> None:
    """In two places it could be there twice."""
    steps = [Step("0001_test", "users", (Rename(EMAIL_KEYS, "keys"),))]
    with pytest.raises(MigrationError, match=f"{EMAIL_KEYS} is unique"):
        both_collections(own.users, own.orders, steps)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"1_a.py": ""}, "1_a.py: call it NNNN_name.py"),
        ({"0001_a.py": ""}, "0001_a.py: it has no MIGRATION"),
        ({"0001_a.py": "MIGRATION = ("}, "0001_a.py: it cannot be loaded"),
        ({"0001_a.py": "import nothing_of_the_kind"}, "0001_a.py: it cannot be loaded"),
        ({"0001_a.py": "MIGRATION = 1"}, "0001_a.py: it has no MIGRATION"),
        ({"0001_a.py": "{}MIGRATION = Migration('orders')"}, "0001_a.py: it declares no change"),
        ({"0001_a.py": "{}MIGRATION = Migration('orders', (1,))"}, "1 is no Rename, Split"),
        ({"0001_a.py": "{}MIGRATION = Migration('orders', (Drop('_id'),))"}, "_id stays"),
        (
            {"0001_a.py": "{}MIGRATION = Migration('users', (Drop('_system.x'),))"},
            "_system.x stays",
        ),
        ({"0000_a.py": "{}MIGRATION = Migration('users', (Drop('x'),))"}, "begin with 0001"),
        (
            {f"0001_{n}.py": "{}MIGRATION = Migration('orders', (Drop('x'),))" for n in "ab"},
            "0001_b.py: 0001_a has this number too: call it 0002_b",
        ),
    ],
)
def test_a_file_that_is_no_migration_is_told_in_one_line(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    """With what to write instead."""
    head = "from storage.evolution.changes import Drop, Migration\n"
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace("{}", head))
    with pytest.raises(MigrationError, match=reason.replace("(", r"\(")) as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_process_says_that_it_took_over_when_no_write_is_under_way_that_did_not_know(
    root: MongoClient[Json], own: MongoSettings
) -> None:
    """And writes nothing where the database has gone through what it does not know."""
    set_up(root, layout(own), {})
    records = Records(root[own.orders])

    async def test() -> None:
        async with connect(own) as client:
            presence = Presence(client[own.orders], "me", "digest", [NAME, "0001_test"])
            await presence.beat()
            before = presence.phases.copy()
            begun, go_on = asyncio.Event(), asyncio.Event()

            async def slow() -> None:
                begun.set()
                await go_on.wait()

            writing = asyncio.create_task(presence.write(slow))
            await begun.wait()
            records.begin("0001_test", Phase.SWITCHING)
            beating = asyncio.create_task(presence.beat())
            await asyncio.sleep(0.2)
            assert presence.phases == before | {"0001_test": Phase.SWITCHING}
            assert [each.phases for each in records.running()] == [before]
            go_on.set()
            await asyncio.gather(writing, beating)
            assert [each.phases for each in records.running()] == [before | {"0001_test": 1}]
            records.begin("0002_unknown", Phase.SWITCHING)
            presence._beaten = -1000
            with pytest.raises(NewerDatabaseError, match="0002_unknown"):
                await presence.write(slow)

    asyncio.run(test())
    assert root[own.orders]["migrations"].find_one({"_id": LAYOUT})


class _Deaf(Presence):
    """One whose beat swallows a cancellation, as pymongo may where an answer has just come."""

    swallowed = False

    async def beat(self) -> None:
        """See Presence."""
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if self.swallowed:
                raise
            self.swallowed = True


def test_a_process_ends_although_its_word_swallows_the_cancellation(own: MongoSettings) -> None:
    """It would leave word for ever, and the process hang until it is killed."""

    async def test() -> None:
        async with connect(own) as client, asyncio.timeout(60) as limit:
            presence = _Deaf(client[own.orders], "me", "digest", [])
            async with presence.kept():
                await asyncio.sleep(0)
            assert presence.swallowed
            assert not limit.expired()

    asyncio.run(test())
