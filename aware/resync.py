"""`resync`: publish contact data anew."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import click
from pymongo.asynchronous.database import AsyncDatabase

from aware.running import bar, run
from messaging.events import SPEC
from messaging.resync import resync
from openapi.reading import load_description
from processes.settings import mongo_settings
from processes.stored import stored
from services.declaration import Service
from services.reading import declared
from storage.client import Json, MongoSettings, connect
from storage.contacts import MongoContactsStore
from storage.outbox import MongoOutbox


@click.command("resync")
@click.option("--user", help="The userId; all users where it is left out.")
def resync_command(user: str | None) -> None:
    """Publish contact data anew, after a disk was lost.

    Needs a login that reaches both databases, as the set-up has. A restore does it by itself.
    """
    count = run(resync_users(mongo_settings(), user))
    click.echo(f"{count} user{'s' if count != 1 else ''} will be published anew")


async def resync_users(settings: MongoSettings, user: str | None = None) -> int:
    """Do it for one user, or all; how many there were. Shows how far it is."""
    count, events = 0, load_description(SPEC)
    async with connect(settings) as client, AsyncExitStack() as presences:

        async def opened(service: Service) -> AsyncDatabase[Json]:
            kept = stored(client, settings, service, "resync")
            await presences.enter_async_context(kept.presence.kept())
            return kept.database

        for publisher, follower in _pairs():
            (collection,) = publisher.collections
            users = (await opened(publisher))[collection.name]
            store = MongoContactsStore(
                await opened(follower), load_description(follower.spec), events
            )
            outbox = MongoOutbox(users, load_description(publisher.spec))
            with bar("Resync", await users.estimated_document_count()) as step:
                count += await resync(outbox, store, user, step)
    return count


def _pairs() -> Iterator[tuple[Service, Service]]:
    """Each service that publishes events, with each that follows some of them."""
    for publisher in declared():
        events = {each.event for each in publisher.publishes}
        for follower in declared():
            if not events.isdisjoint(each.event for each in follower.follows):
                yield publisher, follower
