"""Resync: publish every user's contact data anew, above anything the order database may know."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol

LEAP = 1_000_000
"""How far above. After a restore of the user database, events from before it may still be in the
queues, or among the dead letters, with higher versions than the order database knows: of one user
there are fewer than this."""

_AT_ONCE = 500


class UnknownUser(Exception):  # noqa: N818
    """The user database has no such user."""


class Users(Protocol):
    """The user database, for a resync."""

    def user_ids(self, most: int) -> AsyncIterator[list[str]]:
        """Every user, in lists of up to `most`."""

    async def publish_above(self, versions: Mapping[str, int], leap: int) -> int:
        """Give each a version `leap` above theirs and the one given, and the duty to publish.

        One atomic step a user. Returns how many of them there were.
        """


class Orders(Protocol):
    """The order database, for a resync."""

    async def known_versions(self, user_ids: Sequence[str]) -> dict[str, int]:
        """The highest version that anything there has of each user; 0 for an unknown one."""


async def resync(
    users: Users,
    orders: Orders,
    user_id: str | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> int:
    """Leave the duty to publish every user's contact data, or one user's; returns how many.

    Relay and consumer then do the rest. May be repeated, and cut off, at will. `step` is told of
    so many users more that are done.

    Raises:
        UnknownUser: There is no such user.
        DatabaseUnavailable: Some users may not have been reached.
    """
    if user_id is not None:
        known = await orders.known_versions([user_id])
        if not await users.publish_above(known, LEAP):
            raise UnknownUser(user_id)
        return 1
    count = 0
    async for some in users.user_ids(_AT_ONCE):
        done = await users.publish_above(await orders.known_versions(some), LEAP)
        step(done)
        count += done
    return count
