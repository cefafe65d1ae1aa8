"""A change reaches the orders, whatever is late, repeated, refused or away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from copy import copy
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from pymongo.asynchronous.database import AsyncDatabase

from messaging.amqp import AmqpBroker
from messaging.broker import Blocked, Disconnected, Message, Returned
from messaging.consumer import REASON, RETRIES
from messaging.metrics import RelayMetrics
from messaging.topology import EXCHANGE, Declarations, Exchange
from models.fields.order import Order
from models.fields.user import DeliveryAddress, User
from observability.metrics import EVENTS_UNROUTABLE
from storage.client import Json
from storage.contacts import Contacts, MongoContactsStore
from storage.system_fields import CONTACT_VERSION, value_of
from tests.apis import api, users_of
from tests.examples import ADDRESS
from tests.messaging.system import MOVED, System, event, new_email
from tests.waiting import WITHIN_SECONDS, until_async

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
    assert value_of(synced, CONTACT_VERSION) == 2
    assert synced[Order.updatedAt] > order[Order.updatedAt]
    assert synced[Order.createdAt] == order[Order.createdAt]


async def test_a_queue_or_a_binding_that_is_gone_is_made_again_by_the_relay(
    system: System,
) -> None:
    """Although no consumer comes back to do it."""
    user, queue = await system.new_user(), system.topology.updates
    async with system.relay():
        await system.change(user)
        await system.published()
        system.delete(queue)
        await system.change(user)
        await system.published()
        system.unbind(queue)
        await system.change(user)
        await system.published()
    assert len(await system.take(queue)) == 2


async def test_creating_a_user_publishes_nothing(system: System) -> None:
    """Version 1 is no change."""
    await system.new_user()
    assert not await system.outbox.backlog()


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
                metrics.registry.get_sample_value(f"aware_events_{kind}_total", {"version": "v1"})
                for kind in ("applied", "stale")
            ]
            return sum(count or 0 for count in counted) == 4

        await until_async(all_are_done, "all four events are done")
    synced = await system.stored_order(order)
    assert (value_of(synced, CONTACT_VERSION), synced[Order.userEmails]) == (3, ["v3@example.com"])


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

        await until_async(others_are_known, "the last event is applied")
    assert await system.stored_order(younger["_id"]) == younger


async def test_both_sides_survive_a_restart_of_the_broker(system: System) -> None:
    """A change made while RabbitMQ is down arrives after it is back, and so do later ones."""
    user = await system.new_user()
    order = await system.new_order(user)
    async with system.relay(), system.consumer():
        await system.in_step(order, await system.change(user))
        await asyncio.to_thread(system.rabbitmq.stop)
        emails = await system.change(user)
        await asyncio.to_thread(system.rabbitmq.start)
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


async def test_a_broker_without_room_is_not_sent_more_until_it_has_some(system: System) -> None:
    """What was on its way when it ran short is confirmed once it has room."""
    to = system.topology.updates.address
    async with system.broker(confirm_timeout=WITHIN_SECONDS) as broker:
        async with _without_room(system):
            sent = asyncio.create_task(broker.publish(event("someone", 2), to))
            await until_async(_blocked(broker), "the broker takes nothing")
            with pytest.raises(Blocked):
                await broker.publish(event("someone", 3), to)
        await broker.connected()
        await sent
        await broker.publish(event("someone", 4), to)
        assert await broker.waiting_in(system.topology.updates) == 2


async def test_what_a_blocked_connection_holds_goes_to_others(system: System) -> None:
    """While the broker still has no room: it is events applied that make room."""
    to = system.topology.updates.address
    (impatient,) = map(copy, system.parameters)
    impatient.blocked_connection_timeout = 1
    impatient.heartbeat = 1  # a blocked connection's end is noticed by its silence alone
    async with system.broker(receives=True, parameters=[impatient]) as broker:
        await broker.publish(event("someone", 2), to)
        (held,) = await broker.receive(1)
        async with _without_room(system):
            sent = asyncio.create_task(broker.publish(held.message, system.topology.dead.address))
            with pytest.raises(Disconnected):
                await sent
            (again,) = await broker.receive(1)
            assert again.redelivered
            await broker.acknowledge([again])


async def test_heartbeats_are_kept_while_an_event_is_applied(system: System) -> None:
    """However long the database takes, the connection stays and nothing is delivered again."""
    (frequent,) = map(copy, system.parameters)
    frequent.heartbeat = 1
    order = await system.new_order("someone")
    store = _Held(system.client[system.mongo.orders])
    async with system.broker(receives=True, parameters=[frequent]) as broker:
        session = broker._session
        assert session is not None

        async def long_enough() -> bool:
            return int(session._connection._heartbeat_checker._heartbeat_frames_sent) >= 8

        await broker.publish(event("someone", 2), system.topology.updates.address)
        async with system.consuming(broker, store) as metrics:
            await until_async(long_enough, "the broker would have given up a silent connection")
            store.go_on.set()
            await system.in_step(order, ["v2@example.com"])
        assert broker._session is session
    assert "aware_events_redelivered_total{" not in generate_latest(metrics.registry).decode()


async def test_what_is_not_published_is_counted_for_each_build(system: System) -> None:
    """With the age of the oldest; 0 when it is published."""
    v2 = users_of(system.client[system.mongo.users]["users"], "v2")
    metrics = RelayMetrics()
    for users in (system.users, system.users, v2):
        user = await system.new_user()
        await users.update_contacts(user, {User.emails: [new_email()]}, {})
    changed = (await system.outbox.backlog())[0].oldest

    async def measured(kind: str) -> list[float | None]:
        await metrics.measure(system.outbox, changed + timedelta(hours=1))
        read = metrics.registry.get_sample_value
        return [read(f"aware_outbox_{kind}", {"version": build}) for build in ("v1", "v2")]

    assert await measured("pending_entries") == [2, 1]
    assert await measured("lag_seconds") == pytest.approx([3600, 3600], abs=60)
    async with system.relay():
        await system.published()
    assert await measured("pending_entries") == [0, 0]
    assert await measured("lag_seconds") == [0, 0]


async def test_a_message_that_no_queue_takes_is_returned(system: System) -> None:
    """Publishing raises, although the broker confirms such a message."""
    nothing_bound = Declarations((Exchange(EXCHANGE),))
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
            returned = metrics.registry.get_sample_value(EVENTS_UNROUTABLE.name, {"version": "v1"})
            return bool(returned)

        await system.change(user)
        await system.published()
        await asyncio.to_thread(system.delete, system.topology.updates)
        emails = await system.change(user)
        await until_async(some_returned, "the event was returned")
        assert [each.changes for each in await system.outbox.backlog()] == [1]
        async with system.consumer():
            await system.in_step(order, emails)
            await system.published()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "#"),
        (b'{"userId": "u1"}', Order.userEmails),
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


async def test_a_bad_message_that_cannot_be_moved_comes_again_alone(
    system: System,
) -> None:
    """Until there is a queue for it; what was applied beside it is done with."""
    order = await system.new_order("someone")
    async with system.broker() as broker, system.consumer() as metrics:

        def counted(kind: str, build: str) -> float | None:
            name = f"aware_events_{kind}_total"
            return metrics.registry.get_sample_value(name, {"version": build})

        async def is_a_dead_letter() -> bool:
            return counted("dead_lettered", "v7") == 1

        await asyncio.to_thread(system.delete, system.topology.dead)
        await broker.publish(event("someone", 2), system.topology.updates.address)
        bad = Message(b"{", message_id="bad", headers={"build": "v7"})
        await broker.publish(bad, system.topology.updates.address)
        await system.in_step(order, ["v2@example.com"])
        await until_async(is_a_dead_letter, "the bad message is a dead letter")
    assert counted("redelivered", "v7") == 1
    assert counted("redelivered", "v1") is None


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
    assert "121 DocumentValidationFailure" in str(dead.headers[REASON])


async def test_unknown_properties_are_ignored_at_any_depth(system: System) -> None:
    """What a later version may add is neither refused nor stored."""
    order = await system.new_order("someone")
    message = event("someone", 2)
    body = message.body.replace(b'"country"', b'"planet":"Earth","country"')
    body = body.replace(b'"version"', b'"language":"en","version"')
    async with system.broker() as broker, system.consumer():
        await broker.publish(Message(body, "newer"), system.topology.updates.address)
        await system.in_step(order, ["v2@example.com"])
    assert (await system.stored_order(order))[Order.deliveryAddress] == MOVED != ADDRESS


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
    assert (await system.stored_order(order))[Order.deliveryAddress][
        DeliveryAddress.street
    ] == "$$NOW"


class _Held(MongoContactsStore):
    """Writes nothing before it is told to go on."""

    def __init__(self, database: AsyncDatabase[Json]) -> None:
        super().__init__(database, api("order"), api("events"))
        self.go_on = asyncio.Event()

    async def put_if_newer(self, contacts: Collection[Contacts]) -> None:
        """See `ContactsStore`."""
        await self.go_on.wait()
        await super().put_if_newer(contacts)


@asynccontextmanager
async def _without_room(system: System) -> AsyncIterator[None]:
    """RabbitMQ believes that it has no memory left."""
    limit = "set_vm_memory_high_watermark"
    await asyncio.to_thread(system.rabbitmq.control, limit, "0")
    try:
        yield
    finally:
        await asyncio.to_thread(system.rabbitmq.control, limit, "0.4")


def _blocked(broker: AmqpBroker) -> Callable[[], Awaitable[bool]]:
    async def is_blocked() -> bool:
        return not broker.is_connected

    return is_blocked
