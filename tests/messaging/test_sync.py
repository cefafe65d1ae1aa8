"""A change reaches the orders, whatever is late, repeated, refused or away."""

import asyncio

import pytest

from messaging.amqp import AmqpBroker
from messaging.broker import Message, Returned
from messaging.consumer import REASON, RETRIES
from messaging.topology import EXCHANGE
from tests.messaging.system import ADDRESS, MOVED, System, event
from tests.messaging.waiting import until

pytestmark = pytest.mark.anyio


async def test_a_change_reaches_all_orders_of_its_user_and_no_other(system: System) -> None:
    """All orders of the user get the new addresses; another user's order stays as it was."""
    user, other = await system.new_user(), await system.new_user()
    orders = [await system.new_order(user) for _ in range(3)]
    untouched = await system.stored_order(await system.new_order(other))
    async with system.relay(), system.consumer():
        emails = await system.change(user)
        for order in orders:
            await system.in_step(order, emails)
    assert await system.stored_order(untouched["_id"]) == untouched


async def test_a_sync_sets_the_time_of_the_order_and_its_version(system: System) -> None:
    """`updatedAt` moves on, `createdAt` stays, the order knows the version."""
    user = await system.new_user()
    order = await system.stored_order(await system.new_order(user))
    async with system.relay(), system.consumer():
        await system.in_step(order["_id"], await system.change(user))
    synced = await system.stored_order(order["_id"])
    assert synced["contactVersion"] == 2
    assert synced["updatedAt"] > order["updatedAt"]
    assert synced["createdAt"] == order["createdAt"]


async def test_creating_a_user_publishes_nothing(system: System) -> None:
    """Version 1 is no change."""
    await system.new_user()
    assert (await system.outbox.backlog()).users == 0


async def test_changes_made_while_nobody_publishes_are_published_later(system: System) -> None:
    """The newest of them arrives, and nothing is left to be published."""
    user = await system.new_user()
    order = await system.new_order(user)
    await system.change(user)
    emails = await system.change(user)
    async with system.consumer(), system.relay():
        await system.in_step(order, emails)
        await system.published()


async def test_two_relays_and_two_consumers_do_no_harm(system: System) -> None:
    """Whoever publishes and applies what, every order ends with the last change."""
    users = [await system.new_user() for _ in range(10)]
    orders = {user: await system.new_order(user) for user in users}
    async with system.relay(), system.relay(), system.consumer(), system.consumer():
        for _ in range(5):
            emails = {user: await system.change(user) for user in users}
        for user in users:
            await system.in_step(orders[user], emails[user])


async def test_an_event_that_comes_twice_or_late_changes_nothing(system: System) -> None:
    """After version 3, versions 3, 2 and 1 leave the order as it is."""
    order = await system.new_order("someone")
    async with system.broker() as broker, system.consumer() as metrics:
        for version in (3, 3, 2, 1):
            await broker.publish(event("someone", version), system.topology.updates.address)

        async def all_are_done() -> bool:
            counted = [
                metrics.registry.get_sample_value(f"aware_events_{kind}_total", {"build": "v1"})
                for kind in ("applied", "stale")
            ]
            return sum(count or 0 for count in counted) == 4

        await until(all_are_done, "all four events are done")
    synced = await system.stored_order(order)
    assert (synced["contactVersion"], synced["userEmails"]) == (3, ["v3@example.com"])


async def test_an_event_known_before_the_order_never_touches_it(system: System) -> None:
    """An order made after version 2 was applied keeps its client's data when 2 comes again."""
    older = await system.new_order("someone")
    async with system.broker() as broker, system.consumer():
        await broker.publish(event("someone", 2), system.topology.updates.address)
        await system.in_step(older, ["v2@example.com"])
        younger = await system.stored_order(await system.new_order("someone"))
        await broker.publish(event("someone", 2), system.topology.updates.address)
        await broker.publish(event("someone", 1), system.topology.updates.address)
        await broker.publish(event("nobody", 1), system.topology.updates.address)
        await system.in_step(older, ["v2@example.com"])

        async def others_are_known() -> bool:
            return bool(await system.store.get(["nobody"]))

        await until(others_are_known, "the last event is applied")
    assert await system.stored_order(younger["_id"]) == younger


async def test_both_sides_survive_a_restart_of_the_broker(system: System) -> None:
    """A change made while RabbitMQ is down arrives after it is back, and so do later ones."""
    user = await system.new_user()
    order = await system.new_order(user)
    async with system.relay(), system.consumer():
        await system.in_step(order, await system.change(user))
        await asyncio.to_thread(system.stack.stop_part, "rabbitmq")
        emails = await system.change(user)
        await asyncio.to_thread(system.stack.start_part, "rabbitmq")
        await system.in_step(order, emails)
        await system.in_step(order, await system.change(user))


async def test_a_down_database_is_waited_for_and_dead_letters_nothing(system: System) -> None:
    """Events that come while MongoDB is down are applied after it is back."""
    user = await system.new_user()
    order = await system.new_order(user)
    async with system.relay(), system.consumer(), system.broker() as broker:
        await system.in_step(order, await system.change(user))
        await asyncio.to_thread(system.stack.stop_part, "mongodb")
        for version in (10, 11):
            await broker.publish(event(user, version), system.topology.updates.address)
        await asyncio.to_thread(system.stack.start_part, "mongodb")
        await system.in_step(order, ["v11@example.com"])
        assert await broker.waiting_in(system.topology.dead) == 0


async def test_a_message_that_no_queue_takes_is_returned(system: System) -> None:
    """Publishing raises, although the broker confirms such a message."""
    nothing_bound = {EXCHANGE: ()}
    async with AmqpBroker(system.parameters, nothing_bound) as broker:
        await broker.connected()
        with pytest.raises(Returned):
            await broker.publish(event("someone", 2), system.topology.updates.address)


async def test_a_returned_event_stays_to_be_published(system: System) -> None:
    """The duty stays until a queue is there again, and the event then arrives."""
    user = await system.new_user()
    order = await system.new_order(user)
    async with system.relay() as metrics:

        async def some_returned() -> bool:
            returned = metrics.registry.get_sample_value(
                "aware_events_returned_total", {"build": "v1"}
            )
            return bool(returned)

        await system.change(user)
        await system.published()
        await asyncio.to_thread(system.delete, system.topology.updates)
        emails = await system.change(user)
        await until(some_returned, "the event was returned")
        assert (await system.outbox.backlog()).users == 1
        async with system.consumer():
            await system.in_step(order, emails)
            await system.published()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "#"),
        (b'{"userId": "u1"}', "userEmails"),
        (b'{"userId": "u1", "userId": "u2"}', "not JSON"),
    ],
)
async def test_a_bad_message_becomes_a_dead_letter_and_stops_nobody(
    system: System, body: bytes, reason: str
) -> None:
    """It is kept as it was, with the reason; the event behind it is applied."""
    order = await system.new_order("someone")
    async with system.broker() as broker, system.consumer():
        bad = Message(body, message_id="bad", headers={"build": "v7"})
        await broker.publish(bad, system.topology.updates.address)
        await broker.publish(event("someone", 2), system.topology.updates.address)
        await system.in_step(order, ["v2@example.com"])
        await system.dead_letters(broker, 1)
    (dead,) = await system.take(system.topology.dead)
    assert dead.body == body
    assert dead.message_id == "bad"
    assert reason in str(dead.headers[REASON])
    assert dead.headers["build"] == "v7"


async def test_what_the_database_refuses_is_tried_again_and_then_becomes_a_dead_letter(
    system: System,
) -> None:
    """One user's broken order costs another user's nothing."""
    order = await system.new_order("someone")
    broken = await system.new_order("broken")
    orders = system.client[system.mongo.orders]["orders"]
    # As if an older version had written what today's validator refuses.
    await orders.with_options().update_one(
        {"_id": broken}, {"$set": {"items": "none"}}, bypass_document_validation=True
    )
    async with system.broker() as broker, system.consumer():
        await broker.publish(event("broken", 2), system.topology.updates.address)
        await broker.publish(event("someone", 2), system.topology.updates.address)
        await system.in_step(order, ["v2@example.com"])
        await system.dead_letters(broker, 1)
    (dead,) = await system.take(system.topology.dead)
    assert dead.headers[RETRIES] == len(system.topology.retries)
    assert "validation" in str(dead.headers[REASON])


async def test_unknown_properties_are_ignored_at_any_depth(system: System) -> None:
    """What a later version may add is neither refused nor stored."""
    order = await system.new_order("someone")
    message = event("someone", 2)
    body = message.body.replace(b'"country"', b'"planet":"Earth","country"')
    body = body.replace(b'"version"', b'"language":"en","version"')
    async with system.broker() as broker, system.consumer():
        await broker.publish(Message(body, "newer"), system.topology.updates.address)
        await system.in_step(order, ["v2@example.com"])
    assert (await system.stored_order(order))["deliveryAddress"] == MOVED != ADDRESS


async def test_what_users_write_is_never_taken_for_an_expression(system: System) -> None:
    """Dollar signs arrive as dollar signs."""
    order = await system.new_order("someone")
    tricky = event(
        "someone",
        2,
        user_emails=("$userId@example.com",),
        delivery_address=MOVED | {"street": "$$NOW"},
    )
    async with system.broker() as broker, system.consumer():
        await broker.publish(tricky, system.topology.updates.address)
        await system.in_step(order, ["$userId@example.com"])
    assert (await system.stored_order(order))["deliveryAddress"]["street"] == "$$NOW"
