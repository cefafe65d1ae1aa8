"""`resync`: bring followers into step after a disk was lost, or when there is a new one."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial

import click
from pymongo.asynchronous.database import AsyncDatabase

from aware.running import bar, run
from health.problems import Problems
from messaging.metrics import ConsumerMetrics
from messaging.resync import Known, UnknownKey, resync
from openapi.reading import load_description
from processes.database import stored
from processes.settings import mongo_settings
from processes.subscriber import applier
from services.declaration import Event, Kind, Service
from services.payload import events_of, payloads
from services.reading import declared
from storage.client import Json, MongoSettings, connect
from storage.entity import Entity
from storage.mongo_outbox import MongoOutbox

Opened = Callable[[Service], Awaitable[AsyncDatabase[Json]]]
"""Answers the database of a service."""


@click.command("resync")
@click.option("--key", "--user", help="Of one document, such as a userId; all where left out.")
def resync_command(key: str | None) -> None:
    """Publish the state of every document anew, after a disk was lost, or for a new follower.

    Needs a login that reaches all databases, as the set-up has. A restore does it by itself.
    """
    count = run(resync_all(mongo_settings(), key))
    click.echo(f"{count} document{'s' if count != 1 else ''} will be published anew")


async def resync_all(settings: MongoSettings, key: str | None = None) -> int:
    """Do it for one document, or all; how many there were. Shows how far it is."""
    count = 0
    async with connect(settings) as client, AsyncExitStack() as presences:

        async def opened(service: Service) -> AsyncDatabase[Json]:
            kept = stored(client, settings, service, "resync")
            await presences.enter_async_context(kept.presence.kept())
            return kept.database

        for service, event in declared().published.values():
            if event.kind is Kind.STATE:
                with suppress(UnknownKey):
                    count += await _resync(service, event, opened, key)
    if key is not None and not count:
        raise UnknownKey(key)
    return count


async def _resync(service: Service, event: Event, opened: Opened, key: str | None) -> int:
    system, collection = declared(), service.collection(event.collection)
    documents = (await opened(service))[collection.name]
    codec = Entity(load_description(service.spec), collection.schema).codec()
    outbox = MongoOutbox(documents, codec, payloads(service, events_of(system)))
    followers: list[Known] = []
    for each in system:
        if each.follows is not None and event.name in each.follows.events:
            apply = applier(
                system,
                each,
                each.follows,
                await opened(each),
                metrics=ConsumerMetrics(),
                problems=Problems("database"),
            )
            followers.append(partial(apply.known_versions, event.name))
    with bar("Resync", await documents.estimated_document_count()) as step:
        return await resync(outbox, followers, key, step)
