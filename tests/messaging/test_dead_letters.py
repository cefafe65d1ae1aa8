"""The dead letters: looking at them changes nothing, replay and drop change what they name."""

from collections.abc import Sequence
from uuid import uuid4

import pytest

from messaging.amqp import AmqpBroker
from messaging.broker import HeaderValue, Message
from messaging.consumer import DEAD_SINCE, REASON, RETRIES
from messaging.dead_letters import UnknownLetter, dead_letters, letter_id
from tests.messaging.system import System, event

pytestmark = pytest.mark.anyio

LOOKS = 1000


async def put(system: System, broker: AmqpBroker, messages: Sequence[Message]) -> list[str]:
    """Put messages among the dead letters, one after the other; answers their ids."""
    for message in messages:
        await broker.publish(message, system.topology.dead.address)
    return [letter_id(message) for message in messages]


async def look(system: System) -> list[str]:
    """The ids of all dead letters, in their order."""
    async with dead_letters(system.parameters, system.topology) as held:
        return [letter_id(each.message) for each in held.letters]


def letters(count: int) -> list[Message]:
    """Messages that fit no schema, each with an id of its own."""
    return [Message(b"{}", str(uuid4()), headers={REASON: "bad"}) for _ in range(count)]


@pytest.mark.slow
async def test_looking_a_thousand_times_loses_and_reorders_nothing(system: System) -> None:
    """Not even where each look gives back what the look before had given back."""
    async with system.broker() as broker:
        ids = await put(system, broker, letters(20))
    for _ in range(LOOKS):
        assert await look(system) == ids


async def test_what_comes_after_a_look_stands_behind(system: System) -> None:
    """What was given back is not overtaken."""
    async with system.broker() as broker:
        first = await put(system, broker, letters(5))
        assert await look(system) == first
        second = await put(system, broker, letters(5))
    assert await look(system) == first + second


async def test_there_may_be_none(system: System) -> None:
    """An empty queue is an empty list, at once."""
    async with system.broker():
        assert await look(system) == []


async def test_those_beyond_what_can_be_held_are_counted(system: System) -> None:
    """The oldest are held, and all are there afterwards."""
    async with system.broker() as broker:
        ids = await put(system, broker, letters(5))
    async with dead_letters(system.parameters, system.topology, most=3) as held:
        assert [letter_id(each.message) for each in held.letters] == ids[:3]
        assert held.beyond == 2
    assert sorted(await look(system)) == sorted(ids)


async def test_a_drop_takes_one_and_leaves_the_others_in_order(system: System) -> None:
    """From the middle."""
    async with system.broker() as broker:
        ids = await put(system, broker, letters(5))
    async with dead_letters(system.parameters, system.topology) as held:
        await held.drop(held.find(ids[2]))
    assert await look(system) == ids[:2] + ids[3:]


async def test_a_replay_tries_again_from_the_beginning(system: System) -> None:
    """The event is applied; its message has nothing left of its failures."""
    order = await system.new_order("someone")
    message = event("someone", 2)
    failed: dict[str, HeaderValue] = {RETRIES: 5, REASON: "refused", DEAD_SINCE: 1}
    dead = Message(message.body, "again", headers={"build": "v1", **failed})
    async with system.broker() as broker:
        await put(system, broker, [*letters(1), dead])
        async with dead_letters(system.parameters, system.topology) as held:
            await held.replay(held.find("again"))
        assert await broker.waiting_in(system.topology.dead) == 1
        (replayed,) = await system.take(system.topology.updates)
        assert replayed.headers == {"build": "v1"}
        await broker.publish(replayed, system.topology.updates.address)
        async with system.consumer():
            await system.in_step(order, ["v2@example.com"])


async def test_a_letter_without_an_id_has_one_made_of_its_body(system: System) -> None:
    """Whoever published it."""
    async with system.broker() as broker:
        await put(system, broker, [Message(b"who am I", "")])
    (letter,) = await look(system)
    async with dead_letters(system.parameters, system.topology) as held:
        assert [each.message.body for each in held.find(letter)] == [b"who am I"]


async def test_an_unknown_letter_is_named(system: System) -> None:
    """Nothing else happens."""
    async with dead_letters(system.parameters, system.topology) as held:
        with pytest.raises(UnknownLetter, match="nobody"):
            held.find("nobody")
