"""After a restore of either database, a resync brings all into step."""

import pytest
from bson import Int64

from messaging.resync import UnknownKey, resync
from models.fields.order import Order
from models.fields.user import User
from storage.client import Json
from storage.system_fields import CONTACT_VERSION, OUTBOX, SYSTEM, name_of, value_of
from tests.messaging.system import System, event

pytestmark = pytest.mark.anyio


async def stored_user(system: System, user_id: str) -> Json:
    """The user's document, internal fields included."""
    user = await system.client[system.mongo.users]["users"].find_one({"_id": user_id})
    assert user is not None
    return user


async def test_a_restored_user_database_brings_the_orders_back_with_it(system: System) -> None:
    """Versions are given anew, and yet the orders end with the user's data of today."""
    user = await system.new_user()
    order = await system.new_order(user)
    backup = await stored_user(system, user)
    users = system.client[system.mongo.users]["users"]
    async with system.relay(), system.consumer():
        for _ in range(3):
            emails = await system.change(user)
        await system.in_step(order, emails)
        await users.replace_one({"_id": user}, backup)
        await resync(system.outbox, [system.store.known_versions])
        await system.in_step(order, backup[User.emails])
        await system.in_step(order, await system.change(user))


async def test_events_from_before_the_restore_do_no_harm(system: System) -> None:
    """One that was still under way, with a version that the order database had not seen."""
    user = await system.new_user()
    order = await system.new_order(user)
    await resync(system.outbox, [system.store.known_versions])
    async with system.relay(), system.consumer(), system.broker() as broker:
        emails = (await stored_user(system, user))[User.emails]
        await system.in_step(order, emails)
        await broker.publish(event(user, 7), system.topology.updates.address)
        await broker.publish(event("marker", 1), system.topology.updates.address)
        marker = await system.new_order("marker")
        await broker.publish(event("marker", 2), system.topology.updates.address)
        await system.in_step(marker, ["v2@example.com"])
    assert (await system.stored_order(order))[Order.userEmails] == emails


async def test_a_restored_order_database_is_brought_forward(system: System) -> None:
    """Orders, and what is known of their user, are those of yesterday; then of today again."""
    user = await system.new_user()
    order = await system.new_order(user)
    orders = system.client[system.mongo.orders]
    backup = await system.stored_order(order)
    async with system.relay(), system.consumer():
        emails = await system.change(user)
        await system.in_step(order, emails)
        await orders["orders"].replace_one({"_id": order}, backup)
        await orders["contacts"].delete_many({})
        await resync(system.outbox, [system.store.known_versions])
        await system.in_step(order, emails)


async def test_one_user_alone(system: System) -> None:
    """The others have nothing to publish."""
    one, other = await system.new_user(), await system.new_user()
    assert await resync(system.outbox, [system.store.known_versions], one) == 1
    assert name_of(OUTBOX) in (await stored_user(system, one))[SYSTEM]
    assert name_of(OUTBOX) not in (await stored_user(system, other))[SYSTEM]


async def test_the_new_version_is_above_all_that_orders_know(system: System) -> None:
    """Also where an order knows more than `contacts` does."""
    user = await system.new_user()
    order = await system.new_order(user)
    orders = system.client[system.mongo.orders]["orders"]
    await orders.update_one({"_id": order}, {"$set": {CONTACT_VERSION: Int64(10**12)}})
    await resync(system.outbox, [system.store.known_versions], user)
    assert value_of(await stored_user(system, user), CONTACT_VERSION) > 10**12


async def test_every_user_of_many_is_reached(system: System) -> None:
    """More than are asked for at once."""
    for _ in range(5):
        await system.new_user()
    lists = [some async for some in system.outbox.keys(2)]
    assert [len(some) for some in lists] == [2, 2, 1]
    assert await resync(system.outbox, [system.store.known_versions]) == 5
    (backlog,) = await system.outbox.backlog()
    assert (backlog.build, backlog.changes) == ("resync", 5)


async def test_an_unknown_user_is_named(system: System) -> None:
    """And nothing is written."""
    with pytest.raises(UnknownKey, match="nobody"):
        await resync(system.outbox, [system.store.known_versions], "nobody")
