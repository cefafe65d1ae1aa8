"""A stand-in for the user database: what the user service and the relay do there, step by step."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from models.fields.order import Order
from models.fields.user import User as UserFields
from storage.contacts import Contacts
from storage.divisions import Division
from storage.mongo_io import DatabaseUnavailable
from storage.outbox import OutboxEntry, OutboxLag
from storage.repeats import KEPT
from tests.apis import change_of
from tests.messaging.simulation import journal
from tests.messaging.simulation.history import ContactChange, Fields, History
from tests.messaging.simulation.scheduler import GAP, Process, Scheduler, Steps

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class User:
    """A user's document; `since` is the step of the oldest unpublished change, None for none.

    `changes` are those that it has seen, `requests` those of them that it knows by their keys.
    """

    fields: Fields
    version: int = 1
    since: int | None = None
    changes: tuple[ContactChange, ...] = ()
    requests: tuple[ContactChange, ...] = ()


class UserDatabase:
    """One server. Every method that returns `Steps` is what it does for one request."""

    def __init__(self, scheduler: Scheduler, history: History) -> None:
        self.journal = journal.Journal()
        self.users: journal.Collection[str, User] = journal.Collection(self.journal)
        self.scheduler = scheduler
        self._history = history
        self._streams: list[asyncio.Future[None]] = []
        self.division = Division(0, {}, [])

    def put_contacts(
        self, user_id: str, fields: Fields, change: ContactChange | None = None
    ) -> Steps[int]:
        """PUT /users/{id}: one atomic update; answers the new version when it is durable.

        A change that the user knows by its key is answered with the version that there is.
        """
        yield
        user = self.users.get(user_id)
        assert user is not None
        if self.is_repeated(user, change):
            yield
            self.write_journal()
            user = self.users.get(user_id)
            assert user is not None
            return user.version
        since = self.scheduler.steps if user.since is None else user.since
        seen = () if change is None else (change,)
        changed = User(
            {**user.fields, **fields},
            user.version + 1,
            since,
            (*user.changes, *seen),
            self.with_request(user, change),
        )
        self.users.put(user_id, changed)
        yield GAP
        self.write_journal()
        return changed.version

    def with_request(self, user: User, change: ContactChange | None) -> tuple[ContactChange, ...]:
        """The requests that a user knows after a change."""
        known = change is not None and change.has_key
        return (*user.requests, change)[-KEPT:] if known and change else user.requests

    def is_repeated(self, user: User, change: ContactChange | None) -> bool:
        """Whether the user knows the request."""
        return change is not None and change.has_key and change in user.requests

    def unpublished(self) -> Steps[list[str]]:
        """Who has a duty to publish, the longest waiting first."""
        yield
        found = [
            (user.since, user_id)
            for user_id, _ in self.users.items()
            if (user := self.users.durable(user_id)) is not None and user.since is not None
        ]
        return [user_id for _, user_id in sorted(found)]

    def read(self, user_ids: Sequence[str]) -> Steps[list[OutboxEntry]]:
        """What is to be published of these, each from one read of one document."""
        changes = []
        for user_id in user_ids:
            yield
            user = self.seen_by_relay(user_id)
            if user is not None and user.since is not None:
                changes.append(_change(user_id, user))
        return changes

    def seen_by_relay(self, user_id: str) -> User | None:
        """The document as a read with concern `majority` sees it."""
        return self.users.durable(user_id)

    def mark_published(self, changes: Collection[OutboxEntry]) -> Steps[None]:
        """Remove the duties whose version is still the published one."""
        for change in changes:
            yield
            user = self.users.get(change.key)
            if user is not None and self.may_remove_duty(user, change):
                self.users.put(change.key, replace(user, since=None))
        yield
        self.write_journal()

    def may_remove_duty(self, user: User, change: OutboxEntry) -> bool:
        """Whether the published version is still the newest."""
        return user.version == change.version

    def beat(self, member: str) -> Steps[Division]:
        """Count a beat of a relay."""
        yield
        known = self.division
        beats = {**known.beats, member: known.beats.get(member, 0) + 1}
        self.division = replace(known, beats=beats)
        yield
        return self.division

    def divide(
        self, known: Division, members: Collection[str], owners: Sequence[str]
    ) -> Steps[bool]:
        """Divide anew, unless somebody else has."""
        yield
        if self.division.revision != known.revision:
            return False
        beats = {name: beat for name, beat in self.division.beats.items() if name in members}
        self.division = Division(known.revision + 1, beats, [*owners])
        yield
        return True

    def write_journal(self) -> None:
        """Make everything durable, and tell those who listen to changes."""
        self.journal.flush()
        for user_id, user in self.users.items():
            self._history.states[user_id, user.version] = user.fields
        self._wake(None)

    def settle(self) -> Steps[None]:
        """Write the journal some time, although nobody waits for it."""
        yield
        self.write_journal()

    def listen(self) -> asyncio.Future[None]:
        """Done at the next change, or with an error when the server crashes."""
        heard: asyncio.Future[None] = self.scheduler.create_future()
        self._streams.append(heard)
        return heard

    def crash(self) -> None:
        """Lose what is not on the disk, and every connection."""
        self.journal.crash()
        self._wake(DatabaseUnavailable("crashed"))

    def has_duties(self) -> bool:
        """Whether anything is still to be published."""
        return any(user.since is not None for _, user in self.users.items())

    def _wake(self, error: Exception | None) -> None:
        streams, self._streams = self._streams, []
        for heard in streams:
            if heard.done():
                continue
            if error is None:
                heard.set_result(None)
            else:
                heard.set_exception(error)
                heard.exception()  # perhaps nobody listens any more: that is no error


class StandInOutbox:
    """`Outbox` of one process, on the stand-in."""

    def __init__(self, server: UserDatabase, process: Process) -> None:
        self._server = server
        self._process = process
        self._call = server.scheduler.call

    async def unpublished(
        self, most: int, share: Container[str] | None = None
    ) -> AsyncGenerator[list[OutboxEntry], None]:
        """See `Outbox`."""
        found = await self._call(self._process, self._server, self._server.unpublished())
        if share is not None:
            found = [each for each in found if each in share]
        for at in range(0, len(found), most):
            batch = self._server.read(found[at : at + most])
            changes = await self._call(self._process, self._server, batch)
            if changes:
                yield changes

    async def mark_published(self, changes: Collection[OutboxEntry]) -> None:
        """See `Outbox`."""
        if changes:
            steps = self._server.mark_published(changes)
            await self._call(self._process, self._server, steps)

    async def backlog(self) -> Sequence[OutboxLag]:
        """See `Outbox`."""
        found = await self._call(self._process, self._server, self._server.unpublished())
        return [OutboxLag("v1", len(found), EPOCH)] if found else []

    async def watch_changes(self) -> AsyncGenerator[None, None]:
        """See `Outbox`."""
        while True:
            heard = self._server.listen()
            yield
            await heard


class StandInDivisions:
    """`DivisionStore` of one process, on the stand-in."""

    def __init__(self, server: UserDatabase, process: Process) -> None:
        self._server = server
        self._process = process
        self._call = server.scheduler.call

    async def beat(self, member: str) -> Division:
        """See `DivisionStore`."""
        return await self._call(self._process, self._server, self._server.beat(member))

    async def replace(
        self, known: Division, members: Collection[str], owners: Sequence[str]
    ) -> bool:
        """See `DivisionStore`."""
        steps = self._server.divide(known, members, owners)
        return await self._call(self._process, self._server, steps)


def _change(user_id: str, user: User) -> OutboxEntry:
    contacts = Contacts(
        user_id,
        user.version,
        user.fields[Order.userEmails],
        user.fields[UserFields.deliveryAddress],
    )
    return change_of(contacts, EPOCH)
