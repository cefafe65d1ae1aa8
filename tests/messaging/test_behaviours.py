"""What relay and consumer rely on, kept by the stand-ins and by MongoDB and RabbitMQ alike.

So a history that the simulation finds to be right is one that can happen.
"""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from messaging.broker import Address, Broker, Delivery, Message, Returned
from messaging.topology import EXCHANGE
from models.fields.order import Order
from models.fields.user import User
from storage.contacts import Contacts
from storage.outbox import OutboxEntry
from tests.apis import contacts_in
from tests.messaging.both import Order as State
from tests.messaging.both import (
    Run,
    Sync,
    behaviour,
    fields,
    run_on_real_parts,
    run_on_stand_ins,
)
from tests.messaging.conftest import IN_A_CONTAINER, MACHINE
from tests.messaging.rabbitmq import InAContainer, OfTheMachine
from tests.messaging.simulation.user_database import EPOCH


@pytest.fixture(params=["stand-ins", MACHINE, IN_A_CONTAINER])
def run(request: pytest.FixtureRequest) -> Run:
    """One of them; the servers are started only where they are needed."""
    if request.param == "stand-ins":
        return run_on_stand_ins
    if request.param == MACHINE:
        server = OfTheMachine(request.getfixturevalue("databases"))
        return lambda test: run_on_real_parts(test, server)
    container: InAContainer = request.getfixturevalue("rabbitmq_in_a_container")
    return lambda test: run_on_real_parts(test, container)


def contacts(user_id: str, version: int) -> Contacts:
    """What an event of this version tells."""
    told = fields(version)
    return Contacts(user_id, version, told[Order.userEmails], told[User.deliveryAddress])


def message() -> Message:
    """One like no other."""
    return Message(b"{}", str(uuid4()), type="test", headers={"build": "v1"})


async def unpublished(sync: Sync) -> list[OutboxEntry]:
    """All that is to be published."""
    return [change async for changes in sync.outbox.unpublished(10) for change in changes]


async def receive(broker: Broker, count: int) -> list[Delivery]:
    """So many deliveries."""
    deliveries: list[Delivery] = []
    while len(deliveries) < count:
        deliveries += await broker.receive(count - len(deliveries))
    return deliveries


def ids(deliveries: Sequence[Delivery]) -> list[str]:
    """Which messages they are."""
    return [each.message.message_id for each in deliveries]


# The outbox


@behaviour
async def test_a_new_user_has_nothing_to_publish(sync: Sync) -> None:
    """Version 1 is no change."""
    await sync.new_user()
    assert await unpublished(sync) == []


@behaviour
async def test_the_newest_state_is_to_be_published_once(sync: Sync) -> None:
    """However many changes there were, with fields that only an older one changed."""
    user = await sync.new_user()
    await sync.put_contacts(user, fields(2))
    await sync.put_contacts(user, {Order.userEmails: fields(3)[Order.userEmails]})
    (change,) = await unpublished(sync)
    assert contacts_in(change) == Contacts(
        user, 3, fields(3)[Order.userEmails], fields(2)[User.deliveryAddress]
    )


@behaviour
async def test_what_was_marked_is_not_to_be_published(sync: Sync) -> None:
    """Until it changes again."""
    user = await sync.new_user()
    await sync.put_contacts(user, fields(2))
    await sync.outbox.mark_published(await unpublished(sync))
    assert await unpublished(sync) == []
    await sync.put_contacts(user, fields(3))
    assert [change.version for change in await unpublished(sync)] == [3]


@behaviour
async def test_marking_an_older_version_removes_nothing(sync: Sync) -> None:
    """The newer one is still to be published."""
    user = await sync.new_user()
    await sync.put_contacts(user, fields(2))
    older = await unpublished(sync)
    await sync.put_contacts(user, fields(3))
    await sync.outbox.mark_published(older)
    assert [change.version for change in await unpublished(sync)] == [3]


@behaviour
async def test_the_longest_waiting_comes_first_in_lists_of_limited_length(sync: Sync) -> None:
    """A user whose data change again does not lose their place."""
    users = [await sync.new_user() for _ in range(5)]
    for user in (*users, users[0]):
        await sync.put_contacts(user, {User.deliveryAddress: fields(2)[User.deliveryAddress]})
        await asyncio.sleep(0.002)  # dates are kept in milliseconds
    lists = [changes async for changes in sync.outbox.unpublished(2)]
    assert [len(each) for each in lists] == [2, 2, 1]
    assert [change.key for each in lists for change in each] == users


@behaviour
async def test_a_change_wakes_whoever_listens(sync: Sync) -> None:
    """Once at the beginning, and again after a change."""
    user = await sync.new_user()
    changes = sync.outbox.watch_changes()
    await anext(changes)
    await sync.put_contacts(user, fields(2))
    await anext(changes)


# Contact data and orders


@behaviour
async def test_older_contact_data_never_replace_newer(sync: Sync) -> None:
    """Nor does the same version replace anything."""
    for version in (2, 1, 2):
        await sync.store.put_if_newer([contacts("u1", version)])
    assert await sync.store.get(["u1", "u2"]) == {"u1": contacts("u1", 2)}


@behaviour
async def test_the_newest_of_many_at_once_is_kept(sync: Sync) -> None:
    """Whoever makes the first document of a user."""
    await asyncio.gather(
        *(sync.store.put_if_newer([contacts("u1", version)]) for version in range(1, 21))
    )
    assert await sync.store.get(["u1"]) == {"u1": contacts("u1", 20)}


@behaviour
async def test_orders_with_a_lower_version_are_updated_and_no_others(sync: Sync) -> None:
    """Neither newer ones nor those of another user."""
    behind = [await sync.new_order("u1") for _ in range(2)]
    await sync.store.put_if_newer([contacts("u1", 2)])
    level = await sync.new_order("u1")
    other = await sync.new_order("u2")
    now = EPOCH
    assert await sync.store.update_orders([contacts("u1", 2)], now) == 2
    assert await sync.store.update_orders([contacts("u1", 2)], now) == 0
    for order in behind:
        assert (await sync.order(order)).fields == fields(2)
        assert (await sync.order(order)).version == 2
    for order in (level, other):
        assert (await sync.order(order)).fields == fields(0)


@behaviour
async def test_an_edit_that_comes_again_changes_nothing(sync: Sync) -> None:
    """Nor undoes what has come in between."""
    order = await sync.new_order("u1")
    assert await sync.put_details(order, fields(1), key="a")
    assert await sync.put_details(order, fields(2), key="b")
    assert await sync.put_details(order, fields(1), key="a")
    assert await sync.order(order) == State(fields(2), 0, 2)


@behaviour
async def test_an_edit_of_what_has_changed_since_is_refused(sync: Sync) -> None:
    """By a client or by the sync; one that was carried out before is not."""
    order = await sync.new_order("u1")
    read = await sync.order(order)
    assert await sync.put_details(order, fields(1), key="a", read=read)
    assert not await sync.put_details(order, fields(2), key="b", read=read)
    assert await sync.put_details(order, fields(1), key="a", read=read)
    read = await sync.order(order)
    await sync.store.put_if_newer([contacts("u1", 5)])
    await sync.store.update_orders([contacts("u1", 5)], EPOCH)
    assert not await sync.put_details(order, fields(3), read=read)
    assert await sync.order(order) == State(fields(5), 5, 1)


@behaviour
async def test_a_new_order_takes_on_the_version_that_is_known(sync: Sync) -> None:
    """With its client's data; 0 where nothing is known."""
    await sync.store.put_if_newer([contacts("u1", 5)])
    assert (await sync.order(await sync.new_order("u1"))).version == 5
    assert (await sync.order(await sync.new_order("u2"))).version == 0


@behaviour
async def test_details_first_take_over_what_is_newer(sync: Sync) -> None:
    """Then comes what was sent, over it."""
    order = await sync.new_order("u1")
    await sync.store.put_if_newer([contacts("u1", 2)])
    await sync.put_details(order, {Order.userEmails: fields(9)[Order.userEmails]})
    edited = await sync.order(order)
    assert edited.version == 2
    assert edited.fields == {**fields(2), Order.userEmails: fields(9)[Order.userEmails]}


@behaviour
async def test_details_take_over_nothing_that_the_order_has(sync: Sync) -> None:
    """A field that is not sent stays as its client wrote it."""
    await sync.store.put_if_newer([contacts("u1", 2)])
    order = await sync.new_order("u1")
    await sync.put_details(order, {Order.userEmails: fields(9)[Order.userEmails]})
    edited = await sync.order(order)
    assert edited.version == 2
    assert edited.fields == {**fields(0), Order.userEmails: fields(9)[Order.userEmails]}


# The broker


@behaviour
async def test_messages_arrive_as_they_were_sent_and_in_their_order(sync: Sync) -> None:
    """Where nothing goes wrong."""
    sent = [message() for _ in range(5)]
    async with sync.connect() as broker:
        for each in sent:
            await broker.publish(each, sync.topology.updates.address)
        received = await receive(broker, len(sent))
    assert [each.message for each in received] == sent
    assert not any(each.redelivered for each in received)


@behaviour
async def test_no_more_are_received_than_asked_for(sync: Sync) -> None:
    """And at least one."""
    async with sync.connect() as broker:
        for _ in range(5):
            await broker.publish(message(), sync.topology.updates.address)
        left = 5
        while left:
            received = await broker.receive(2)
            assert 1 <= len(received) <= 2
            left -= len(received)


@behaviour
async def test_what_is_not_acknowledged_comes_again(sync: Sync) -> None:
    """When the connection is lost; and only that, whatever was acknowledged before and after."""
    sent = [message() for _ in range(6)]
    async with sync.connect() as broker:
        for each in sent:
            await broker.publish(each, sync.topology.updates.address)
        received = await receive(broker, len(sent))
        await broker.acknowledge(received[:2])
        await broker.acknowledge([received[3], received[5]])
    async with sync.connect() as broker:
        again = await receive(broker, 2)
        assert sorted(ids(again)) == sorted(ids([received[2], received[4]]))
        assert all(each.redelivered for each in again)
        await broker.acknowledge(again)
        await broker.publish(sent[0], sync.topology.updates.address)
        assert ids(await receive(broker, 1)) == ids(received[:1])


@behaviour
async def test_an_acknowledgement_after_the_loss_of_its_connection_is_nothing(sync: Sync) -> None:
    """Even where the same message has been delivered again meanwhile."""
    async with sync.connect() as broker:
        await broker.publish(message(), sync.topology.updates.address)
        late = await receive(broker, 1)
    async with sync.connect() as broker:
        await receive(broker, 1)
        await broker.acknowledge(late)
    async with sync.connect() as broker:
        assert ids(await receive(broker, 1)) == ids(late)


@behaviour
async def test_what_is_given_back_comes_again(sync: Sync) -> None:
    """To whoever receives next."""
    async with sync.connect() as broker:
        await broker.publish(message(), sync.topology.updates.address)
        given_back = await receive(broker, 1)
        await broker.requeue()
        again = await receive(broker, 1)
        assert ids(again) == ids(given_back)
        assert again[0].redelivered


@behaviour
async def test_a_message_for_which_there_is_no_queue_is_returned(sync: Sync) -> None:
    """It was not published."""
    async with sync.connect() as broker:
        with pytest.raises(Returned):
            await broker.publish(message(), Address(EXCHANGE, "nobody"))


@behaviour
async def test_what_waits_to_be_tried_again_comes_after_its_pause(sync: Sync) -> None:
    """From each of the queues in which it may wait."""
    sent = [message() for _ in sync.topology.retries]
    async with sync.connect() as broker:
        for queue, each in zip(sync.topology.retries, sent, strict=True):
            await broker.publish(each, queue.address)
        received = await receive(broker, len(sent))
    assert sorted(ids(received)) == sorted(each.message_id for each in sent)


@behaviour
async def test_a_message_survives_any_number_of_consumers(sync: Sync) -> None:
    """More than the deliveries after which RabbitMQ 4 gives a message up, left to itself."""
    async with sync.connect() as broker:
        await broker.publish(message(), sync.topology.updates.address)
    for _ in range(25):
        async with sync.connect() as broker:
            (delivery,) = await receive(broker, 1)
    assert delivery.redelivered
