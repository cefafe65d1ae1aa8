"""What the relay needs of an outbox: what is to be published, and to say that it was."""

from collections.abc import AsyncGenerator, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tracing.cause import UNKNOWN_CAUSE, Cause


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """What must be published of a document, as one read of it found it.

    `key` is its id as text, `data` the body of the event but for its version. `changed_at` is when
    this version was written, `since` when the oldest version was that has not been published,
    `build` which version of the service wrote this one. A change of the kind *state* replaces those
    before it, `changes` in all; an occurrence replaces none. `causes` are the requests that made
    the last of them, this one's the last.
    """

    event: str
    key: str
    version: int
    data: Mapping[str, Any]
    changed_at: datetime
    since: datetime
    build: str
    causes: Sequence[Cause] = (UNKNOWN_CAUSE,)
    changes: int = 1
    is_occurrence: bool = False

    @property
    def cause(self) -> Cause:
        """The request that made it."""
        return self.causes[-1]


@dataclass(frozen=True, slots=True)
class OutboxLag:
    """How many changes, written by `build`, are to be published.

    `oldest` is the time of the oldest change that they stand for.
    """

    build: str
    changes: int
    oldest: datetime


class Outbox(Protocol):
    """What a service publishes, for its relay. All operations raise DatabaseUnavailable."""

    def unpublished(
        self, most: int, share: Container[str] | None = None
    ) -> AsyncGenerator[list[OutboxEntry], None]:
        """All that is to be published, the longest waiting first, in lists of up to `most`.

        Of those keys alone that are in the share, if there is one.

        Only what can no more be lost: a version that a crash of the database could undo would be
        given again, to other data. Changes made during the iteration may or may not be in it.
        """

    async def mark_published(self, changes: Collection[OutboxEntry]) -> None:
        """Remove pending occurrences, and the entries whose version is still the published one."""

    async def backlog(self) -> Sequence[OutboxLag]:
        """What is to be published, in figures, for each build of which there is something."""

    def watch_changes(self) -> AsyncGenerator[None, None]:
        """Yield once when changes can be noticed, then whenever there are some, soon after.

        A change made after the first yield is noticed or the iteration raises; it is not said
        which change, nor how many.
        """
