"""The parts of a subscriber's queue: made, and received from, while their number changes."""

from collections.abc import Callable
from typing import Protocol

import structlog

from health.problems import Problems
from messaging.broker import BrokerError
from messaging.clock import Clock
from messaging.session import ConsumeOptions
from messaging.topology import Declarations, Topology
from storage.mongo_io import DatabaseUnavailable, raise_if_cancelled
from storage.problems import problem_of
from storage.queue_part_counts import PartsStore

LOOK_AGAIN_SECONDS = 5.0
"""How often to look whether somebody else has made more parts."""

_TRY_AGAIN_SECONDS = 0.5


class Receiving(Protocol):
    """Declares, and receives from several queues."""

    async def declare(self, declarations: Declarations, subscribed: ConsumeOptions) -> None:
        """Have this declared from now on, and receive from these queues. Raises BrokerError."""


class Parts:
    """Has a process receive from every part that there is, and says which those are."""

    def __init__(
        self,
        store: PartsStore,
        receiving: Receiving,
        topology: Callable[[int], Topology],
        wanted: int,
        *,
        prefetch: int,
        clock: Clock,
        problems: Problems,
    ) -> None:
        """Take the number of parts that is wanted.

        Args:
            store: Where the number is announced.
            receiving: The connection.
            topology: Makes the names, given how many parts there have been.
            wanted: So many parts get events.
            prefetch: So many messages of all parts may be unacknowledged.
            clock: The time.
            problems: Those of the database.
        """
        self._store = store
        self._receiving = receiving
        self._make = topology
        self._wanted = wanted
        self._prefetch = prefetch
        self._clock = clock
        self._problems = problems
        self._known = 0
        self.topology = topology(wanted)
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Look for more until cancelled. The parts are announced before they are made."""
        while True:
            try:
                known = await self._store.announce(self._wanted)
            except DatabaseUnavailable as error:
                self._problems.report(problem_of(error), "parts")
                await self._clock.sleep(_TRY_AGAIN_SECONDS)
            else:
                self._problems.report(None, "parts")
                if known != self._known:
                    await self._receive(known)
                await self._clock.sleep(LOOK_AGAIN_SECONDS)
            raise_if_cancelled()

    async def _receive(self, known: int) -> None:
        self._known, self.topology = known, self._make(known)
        queues = tuple(each.name for each in self.topology.parts)
        self._log.info("queue_parts", parts=self._wanted, received=len(queues))
        try:
            subscribed = ConsumeOptions(queues, self._prefetch)
            await self._receiving.declare(self.topology.for_consuming(), subscribed)
        except BrokerError as error:
            # It will be so as soon as the broker allows: the connection sees to it.
            self._log.debug("parts_not_declared", reason=error)
