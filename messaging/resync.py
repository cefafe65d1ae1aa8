"""Resync: publish the state of every document anew, above anything that followers may know."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

LEAP = 1_000_000
"""How far above. After a restore of the publisher's database, events from before it may still be in
the queues, or among the dead letters, with higher versions than followers know: of one document
there are fewer than this."""

_AT_ONCE = 500


class UnknownKey(Exception):  # noqa: N818
    """There is no document with this key."""


class Published(Protocol):
    """What is published, for a resync."""

    def keys(self, most: int) -> AsyncIterator[list[str]]:
        """Every key, in lists of up to `most`."""

    async def bump_versions(self, versions: Mapping[str, int], leap: int) -> int:
        """Give each a version `leap` above its own and the one given, and a pending outbox entry.

        One atomic step a document. Returns how many of them there were.
        """


Known = Callable[[Sequence[str]], Awaitable[dict[str, int]]]
"""Answers the highest version that a follower has of each key; 0 for an unknown one."""


async def resync(
    published: Published,
    followers: Sequence[Known],
    key: str | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> int:
    """Have every document published anew, or one; returns how many.

    Relay and subscribers then do the rest. May be repeated, and cut off, at will. `step` is told
    of so many more that are done.

    Raises:
        UnknownKey: There is no such document.
        DatabaseUnavailable: Some may not have been reached.
    """
    if key is not None:
        if not await published.bump_versions(await _highest(followers, [key]), LEAP):
            raise UnknownKey(key)
        return 1
    count = 0
    async for some in published.keys(_AT_ONCE):
        done = await published.bump_versions(await _highest(followers, some), LEAP)
        step(done)
        count += done
    return count


async def _highest(followers: Sequence[Known], keys: Sequence[str]) -> dict[str, int]:
    found = [await known(keys) for known in followers]
    return {key: max((each[key] for each in found), default=0) for key in keys}
