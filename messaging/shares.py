"""Shares: which of the relays of one outbox publishes what, so that nobody publishes it twice.

Every key is in one of a fixed number of slots, and every slot belongs to one relay at a time. Each
relay counts its beats in the database. Whose count has stood still for as long as a lease lasts is
dead, and its slots go to the others; by then it has stopped publishing by its own clock, because
its lease runs from its last beat. Nobody compares clocks.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from uuid import uuid4
from zlib import crc32

import structlog

from health.problems import Problems
from messaging.clock import Clock
from storage.divisions import SLOTS, Division, DivisionStore
from storage.mongo_io import DatabaseUnavailable, raise_if_cancelled
from storage.problems import problem_of

BEAT_SECONDS = 1.0
LEASE_SECONDS = 4.0
"""How long a relay may publish after its last beat. It is dead for the others when they have not
seen it beat for so long."""

_LEAVE_WITHIN_SECONDS = 1


class Share:
    """What one relay publishes: the keys that are `in` it, as long as they are."""

    def __init__(
        self,
        store: DivisionStore,
        clock: Clock,
        changed: Callable[[], object],
        problems: Problems,
        lease: float = LEASE_SECONDS,
    ) -> None:
        """`changed` is told when there may be more, `problems` what is wrong with the database."""
        self._store = store
        self._clock = clock
        self._lease = lease
        self._changed = changed
        self._problems = problems
        self._me = uuid4().hex
        self._mine: frozenset[int] = frozenset()
        self._ends = 0.0
        self._seen: dict[str, tuple[int, float]] = {}
        self._publishing = self._published = self._to_be_published = 0
        self._log = structlog.get_logger()

    def __contains__(self, key: object) -> bool:
        """Whether this relay may publish what has this key, now."""
        return self._clock.monotonic() < self._ends and slot_of(str(key)) in self._mine

    @property
    def is_whole(self) -> bool:
        """Whether all keys are in it."""
        return len(self._mine) == SLOTS

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """While something is published that was in it. One at a time."""
        self._publishing += 1
        try:
            yield
        finally:
            self._published = self._publishing

    async def run(self) -> None:
        """Have a share until cancelled, then leave it to others."""
        try:
            while True:
                try:
                    await self._beat()
                except DatabaseUnavailable as error:
                    self._problems.report(problem_of(error), "share")
                else:
                    self._problems.report(None, "share")
                raise_if_cancelled()
                await self._clock.sleep(BEAT_SECONDS)
        finally:
            await self._leave()

    async def _beat(self) -> None:
        began = self._clock.monotonic()
        division = await self._store.beat(self._me)
        alive = self._alive(division, began)
        owners = divided(division.owners, alive, self._me)
        before, kept = (
            self._mine,
            _slots_of(self._me, division.owners) & _slots_of(self._me, owners),
        )
        self._mine, self._ends = kept, began + self._lease
        # What is given up is not published from now on, and is the other's when that which is
        # being published now is through.
        if not before <= kept:
            self._to_be_published = self._publishing
        is_quiet = self._published >= self._to_be_published
        if owners != [*division.owners] and is_quiet:
            is_replaced = await self._store.replace(division, alive, owners)
            self._mine = _slots_of(self._me, owners) if is_replaced else kept
        if self._mine != before:
            self._log.info("share_changed", slots=len(self._mine), of=SLOTS, relays=len(alive))
            self._changed()

    def _alive(self, division: Division, now: float) -> list[str]:
        """Those whose count has moved within the lease, as this relay has seen it."""
        if now > self._ends:  # nobody could beat, as far as is known here
            self._seen.clear()
        seen = {
            member: self._seen[member]
            if member in self._seen and self._seen[member][0] == count
            else (count, now)
            for member, count in division.beats.items()
        }
        self._seen = seen
        return [
            member
            for member, (_, since) in seen.items()
            if member == self._me or now - since < self._lease
        ]

    async def _leave(self) -> None:
        """Have no share any more; nothing is being published."""
        self._mine = frozenset()
        try:
            async with asyncio.timeout(_LEAVE_WITHIN_SECONDS):
                is_done = False
                while not is_done:
                    division = await self._store.beat(self._me)
                    others = [each for each in division.beats if each != self._me]
                    owners = divided(division.owners, others, self._me)
                    is_done = await self._store.replace(division, others, owners)
        except (DatabaseUnavailable, TimeoutError) as error:
            self._log.warning("share_not_left", reason=error)


def slot_of(key: str) -> int:
    """The slot that a key is in, always the same."""
    return crc32(key.encode()) % SLOTS


def divided(owners: Sequence[str], members: Collection[str], giver: str) -> list[str]:
    """A division as fair as it can be where, of the members, only `giver` gives anything up.

    What is nobody's, or somebody's who is no member, goes to those who have too little; so does
    what the giver has too much of.
    """
    found = [owner if owner in members else "" for owner in owners]
    found += [""] * (SLOTS - len(found))
    least, more = divmod(SLOTS, max(len(members), 1))
    fair = {each: least + (at < more) for at, each in enumerate(sorted(members))}
    surplus = sorted(_slots_of(giver, found))[fair.get(giver, 0) :]
    free = iter([*sorted(_slots_of("", found)), *surplus])
    for member, share in fair.items():
        for slot in islice(free, max(share - found.count(member), 0)):
            found[slot] = member
    return found


def _slots_of(member: str, owners: Sequence[str]) -> frozenset[int]:
    return frozenset(slot for slot, owner in enumerate(owners) if owner == member)
