"""The dead letters: looked at without losing or reordering any, tried again, or dropped."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from messaging.amqp import AmqpBroker
from messaging.broker import Delivery, Message, Returned
from messaging.consumer import DEAD_SINCE, REASON, RETRIES
from messaging.nodes import Nodes
from messaging.session import ConsumeOptions
from messaging.topology import Declarations, Exchange, Topology, for_publishing

MOST = 65_535
"""How many dead letters are looked at, the oldest: as many as AMQP lets one hold."""

_ARRIVE_WITHIN_SECONDS = 30
_CONNECT_WITHIN_SECONDS = 30


class UnknownLetter(Exception):  # noqa: N818 - a state of the queue
    """No dead letter has this id."""


class DeadLetters:
    """All dead letters, held by one connection: nobody else sees them meanwhile.

    What is neither replayed nor dropped goes back when the connection ends, in its place. `beyond`
    says how many younger ones there are, which are not held; what goes back goes behind them.
    """

    def __init__(
        self, letters: Sequence[Delivery], beyond: int, broker: AmqpBroker, topology: Topology
    ) -> None:
        self.letters = letters
        self.beyond = beyond
        self.settled = 0
        self._broker = broker
        self._topology = topology

    def find(self, letter: str) -> list[Delivery]:
        """Those with this id: more than one where a consumer died between two of its steps.

        Raises:
            UnknownLetter: There is none.
        """
        found = [each for each in self.letters if letter_id(each.message) == letter]
        if not found:
            raise UnknownLetter(letter)
        return found

    async def replay(self, letters: Sequence[Delivery]) -> None:
        """Have these tried again from the beginning, the oldest first.

        One whose replay is cut off in the middle is there twice afterwards, not lost.

        Raises:
            BrokerError: Not all were; those that were are no dead letters any more.
        """
        for each in letters:
            message, to = _as_it_came(each.message), self._topology.entry
            try:
                await self._broker.publish(message, to)
            except Returned:  # by now the queue has been made
                await self._broker.publish(message, to)
            await self.drop([each])

    async def drop(self, letters: Sequence[Delivery]) -> None:
        """Forget these for good."""
        await self._broker.acknowledge(letters)
        self.settled += len(letters)


@asynccontextmanager
async def dead_letters(
    nodes: Nodes, topology: Topology, most: int = MOST
) -> AsyncIterator[DeadLetters]:
    """Hold the dead letters that are there at first, the oldest; waits for others to finish.

    Raises:
        BrokerError: The connection was lost meanwhile.
        TimeoutError: The broker could not be reached, or somebody else holds them.
    """
    # A replay to an exchange that is not there would cost the connection, and what it holds.
    exchanges = (Exchange(topology.entry.exchange), Exchange(topology.dead.exchange))
    declared = Declarations(exchanges, (topology.dead,))
    # Exclusive: two who hold them at the same time would each see a part.
    subscribed = ConsumeOptions((topology.dead.name,), most, exclusive=True)
    # Where nobody has made the queue that they came from, a replay does.
    _, queue = for_publishing([topology.updates])
    async with AmqpBroker(nodes, declared, subscribed, if_returned=queue) as broker:
        async with asyncio.timeout(_CONNECT_WITHIN_SECONDS):
            await broker.connected()
        there = broker.were_waiting_in(topology.dead)
        letters = await _receive(broker, min(there, most))
        held = DeadLetters(letters, max(0, there - most), broker, topology)
        yield held
        await broker.requeue_all(topology.dead, held.beyond + len(letters) - held.settled)


def letter_id(message: Message) -> str:
    """What a dead letter is called: the id that its sender gave it, else one made of its body."""
    return message.message_id or hashlib.sha256(message.body).hexdigest()[:16]


async def _receive(broker: AmqpBroker, expected: int) -> list[Delivery]:
    letters: list[Delivery] = []
    try:
        while len(letters) < expected:
            async with asyncio.timeout(_ARRIVE_WITHIN_SECONDS):
                letters += await broker.receive(expected - len(letters))
    except TimeoutError:
        pass  # somebody has dropped or replayed some since they were counted
    return letters


def _as_it_came(message: Message) -> Message:
    headers = {
        name: value
        for name, value in message.headers.items()
        if name not in (RETRIES, REASON, DEAD_SINCE)
    }
    return replace(message, headers=headers)
