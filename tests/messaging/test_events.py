"""Events of any service, from its documents to the handlers of those who follow, on real parts."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from health.problems import Problems
from messaging.amqp import AmqpBroker
from messaging.clock import SystemClock
from messaging.consumer import Consumer
from messaging.events import Events
from messaging.handling import Handling
from messaging.metrics import ConsumerMetrics, RelayMetrics
from messaging.relay import Relay
from messaging.resync import resync
from messaging.retrying import Retrying
from messaging.session import ConsumeOptions
from messaging.topology import Declarations, Topology, queue_of, routes
from openapi.reading import load_description
from processes.composing import dependencies
from services.declaration import Kind, Service
from services.declaration import System as Declared
from services.payload import events_of, payloads
from services.reading import read
from storage.client import Json, connect, connect_blocking
from storage.divisions import MongoDivisionStore
from storage.documents import Documents
from storage.entity import Entity
from storage.layout import collections
from storage.ledger import LEDGER, Ledger
from storage.mongo_outbox import MongoOutbox
from tests.declaring import copy_declared
from tests.messaging.system import System, delete_queues, running
from tests.waiting import until_async

pytestmark = pytest.mark.anyio

ROWS = """
  gadget-service:
    spec: specs/gadget.yaml
    handlers: handlers/gadgets.py
    port: 5998
    database: gadgets
    collections:
      gadgets: {schema: Gadget, key: id}
    publishes:
      process: gadget-relay
      port: 5997
      events:
        GadgetState: {kind: state, on: [creation, change], fields: {called: name}}
        GadgetRenamed: {kind: each, on: [change], fields: {called: name}}
        GadgetMade: {kind: each, on: [creation]}

  watch-service:
    spec: specs/watch.yaml
    handlers: handlers/watches.py
    port: 5996
    database: watches
    collections:
      seen: {schema: Seen, key: id}
      notes: {schema: Note, key: noteId}
    follows:
      process: watcher
      port: 5995
      events: [GadgetState, GadgetRenamed]
      handlers: handlers/watching.py
"""
API = """
openapi: 3.1.0
info: {{title: {0}, version: 1.0.0}}
paths: {{}}
components:
  schemas:
{1}
"""
GADGET = """\
    Gadget:
      type: object
      required: [id, name]
      properties: {id: {type: string}, name: {type: string}, color: {type: string}}
"""
SEEN = """\
    Seen:
      type: object
      required: [id, called, version]
      properties: {id: {type: string}, called: {type: string}, version: {type: integer}}
    Note:
      type: object
      required: [noteId, id, version]
      properties: {noteId: {type: string}, id: {type: string}, version: {type: integer}}
"""
EVENT = """
    {0}:
      type: object
      additionalProperties: false
      required: [id, version]
      properties: {{id: {{type: string}}, {1}version: {{type: integer, format: int64}}}}
"""


@dataclass
class Watched:
    """A service that publishes, and one that follows it, on databases and queues of their own."""

    declared: Declared
    system: System
    client: AsyncMongoClient[Json]
    fails: set[str] = field(default_factory=set)

    @property
    def publisher(self) -> Service:
        """Who publishes."""
        return self.declared.by_name["gadget-service"]

    @property
    def follower(self) -> Service:
        """Who follows."""
        return self.declared.by_name["watch-service"]

    @property
    def topology(self) -> Topology:
        """The follower's."""
        assert self.follower.follows is not None
        return Topology(queue_of(self.follower.follows, self.system.topology.updates.name))

    def database(self, service: Service) -> AsyncDatabase[Json]:
        """That of a service."""
        return self.client[self.system.mongo.database(service.database)]

    def documents(self, service: Service) -> Mapping[str, Documents]:
        """What its handlers are given."""
        api = load_description(service.spec)
        version, database = service.versions[0], self.database(service)
        return dependencies(self.declared, service, version, api, database)

    @property
    def gadgets(self) -> Documents:
        """Those of the publisher."""
        return self.documents(self.publisher)["gadgets"]

    @property
    def outbox(self) -> MongoOutbox:
        """The publisher's."""
        codec = Entity(load_description(self.publisher.spec), "Gadget").codec()
        told = payloads(self.publisher, events_of(self.declared))
        return MongoOutbox(self.database(self.publisher)["gadgets"], codec, told)

    @asynccontextmanager
    async def relay(self) -> AsyncIterator[None]:
        """A running relay."""
        names = [*self.declared.published]
        to = routes(self.declared, names, self.system.topology.updates.name)
        queues = tuple(dict.fromkeys(each for some in to.values() for each in some))
        async with AmqpBroker(self.system.parameters, Declarations.of(*queues)) as broker:
            relay = Relay(
                self.outbox,
                MongoDivisionStore(self.database(self.publisher), "gadget-relay"),
                broker,
                {event: [each.address for each in some] for event, some in to.items()},
                events=Events.declared(self.declared, *names, sender="gadget-relay"),
                clock=SystemClock(),
                metrics=RelayMetrics(),
            )
            async with running(relay.run()):
                yield

    @asynccontextmanager
    async def subscriber(self) -> AsyncIterator[ConsumerMetrics]:
        """A running subscriber, which keeps the state, and a note for each renaming."""
        given, metrics = self.documents(self.follower), ConsumerMetrics()
        subscribed = ConsumeOptions((self.topology.updates.name,), 64)

        async def state(event: Mapping[str, Any]) -> None:
            seen = {name: event[name] for name in ("id", "called", "version")}
            await given["seen"].put(event["id"], seen)
            if event["id"] in self.fails:
                raise ValueError("not this one")

        async def renamed(event: Mapping[str, Any]) -> None:
            await given["notes"].create({"id": event["id"], "version": event["version"]})

        handlers = {"GadgetState": state, "GadgetRenamed": renamed}
        kinds = {name: self.declared.published[name][1].kind for name in handlers}
        ledger = Ledger(self.database(self.follower), kinds)
        async with AmqpBroker(
            self.system.parameters, self.topology.for_consuming(), subscribed
        ) as broker:
            await broker.connected()
            consumer = Consumer(
                Handling(handlers, ledger, Retrying(SystemClock(), Problems("database"))),
                broker,
                self.topology,
                events=Events.declared(self.declared, *handlers),
                clock=SystemClock(),
                metrics=metrics,
            )
            async with running(consumer.run()):
                yield metrics

    async def in_step(self) -> None:
        """Wait until every gadget is seen as it is."""

        async def equal() -> bool:
            gadgets = await self.database(self.publisher)["gadgets"].find().to_list()
            seen = await self.database(self.follower)["seen"].find().to_list()
            wanted = {
                each["_id"]: (each["name"], each["_system"]["contactVersion"]) for each in gadgets
            }
            return wanted == {each["_id"]: (each["called"], each["version"]) for each in seen}

        await until_async(equal, "every gadget is seen as it is")

    async def notes(self) -> list[tuple[str, int]]:
        """Of which gadget, and which renaming, in order."""
        found = await self.database(self.follower)["notes"].find().to_list()
        return sorted((each["id"], each["version"]) for each in found)


@pytest.fixture
async def watched(system: System, tmp_path: Path) -> AsyncIterator[Watched]:
    """Both services, of whom nothing runs yet."""
    copy_declared(tmp_path)
    with (tmp_path / "services.yaml").open("a") as rows:
        rows.write(ROWS)
    for name, schemas in (("gadget", GADGET), ("watch", SEEN)):
        (tmp_path / "specs" / f"{name}.yaml").write_text(API.format(name, schemas))
    with (tmp_path / "specs" / "events.yaml").open("a") as events:
        for name in ("GadgetState", "GadgetRenamed"):
            events.write(EVENT.format(name, "called: {type: string}, "))
        events.write(EVENT.format("GadgetMade", ""))
    declared = read(tmp_path)
    with connect_blocking(system.mongo) as client:
        for each in collections(declared, system.mongo.database):
            if each.database not in (system.mongo.users, system.mongo.orders):
                database = client[each.database]
                database.create_collection(each.name, validator={"$jsonSchema": each.schema})
                if each.indexes:
                    database[each.name].create_indexes(list(each.indexes))
        async with connect(system.mongo, transactions=True) as own:
            made = Watched(declared, system, own)
            yield made
        for service in (made.publisher, made.follower):
            client.drop_database(system.mongo.database(service.database))
        delete_queues(system.parameters, made.topology)


async def test_each_occurrence_arrives_once_and_of_a_state_the_newest(watched: Watched) -> None:
    """With two relays and two subscribers, which publish and take what the other does."""
    gadgets = watched.gadgets
    made = [(await gadgets.create({"name": f"g{n}"}))["id"] for n in range(10)]
    async with AsyncExitStack() as running:
        for each in (watched.relay, watched.relay, watched.subscriber, watched.subscriber):
            await running.enter_async_context(each())
        for number in range(60):
            await gadgets.merge(made[number % 10], {"name": f"n{number}"})
        await gadgets.merge(made[0], {"color": "red"})  # of which no event tells
        await watched.in_step()
        await until_async(lambda: _all_told(watched), "nothing is left to be published")
        wanted = sorted((each, version) for each in made for version in range(2, 8))

        async def noted() -> bool:
            return await watched.notes() == wanted

        await until_async(noted, "a note for each renaming")


async def _all_told(watched: Watched) -> bool:
    return not await watched.outbox.backlog()


async def test_nothing_is_written_for_an_occurrence_that_nobody_follows(watched: Watched) -> None:
    """GadgetMade has no follower; the state is left for the relay all the same."""
    gadget = (await watched.gadgets.create({"name": "one"}))["id"]
    found = await watched.database(watched.publisher)["gadgets"].find_one({"_id": gadget})
    assert found is not None
    assert found["_system"].keys() == {"revision", "contactVersion", "outbox"}


async def test_what_a_subscriber_was_killed_over_is_done_once(watched: Watched) -> None:
    """It is cancelled again and again, wherever it is, as a lost connection leaves it."""
    gadgets, chance = watched.gadgets, random.Random(7)
    made = [(await gadgets.create({"name": f"g{n}"}))["id"] for n in range(4)]
    async with watched.relay():
        for number in range(80):
            await gadgets.merge(made[number % 4], {"name": f"n{number}"})
        for _ in range(15):
            async with watched.subscriber():
                await asyncio.sleep(chance.random() / 10)
        async with watched.subscriber():
            await watched.in_step()
            wanted = sorted((each, version) for each in made for version in range(2, 22))

            async def noted() -> bool:
                return await watched.notes() == wanted

            await until_async(noted, "a note for each renaming, and no more")


async def test_a_handler_that_fails_leaves_nothing_and_is_tried_again(watched: Watched) -> None:
    """What it wrote before is undone, with the ledger's entry; others go on meanwhile."""
    gadgets = watched.gadgets
    bad, good = [(await gadgets.create({"name": n}))["id"] for n in ("bad", "good")]
    watched.fails.add(bad)
    seen, entries = (watched.database(watched.follower)[name] for name in ("seen", LEDGER))
    async with watched.relay(), watched.subscriber() as metrics:

        async def good_is_seen() -> bool:
            return [each["_id"] async for each in seen.find()] == [good]

        await until_async(good_is_seen, "the other is seen")

        async def retried() -> bool:
            told = generate_latest(metrics.registry).decode()
            return 'aware_events_retried_total{version="v1"}' in told

        await until_async(retried, "it waits to be tried again")
        assert [each["_id"] async for each in entries.find()] == [f"GadgetState {good}"]
        assert await good_is_seen()
        watched.fails.clear()
        await watched.in_step()


async def test_an_older_state_that_comes_late_changes_nothing(watched: Watched) -> None:
    """It is known to be older by the ledger alone."""
    done: list[int] = []
    ledger = Ledger(watched.database(watched.follower), {"GadgetState": Kind.STATE})

    def work(version: int) -> Any:  # noqa: ANN401 - a coroutine function
        async def note() -> None:
            done.append(version)

        return note

    assert [await ledger.once("GadgetState", "k", v, work(v)) for v in (2, 1, 2, 3)] == [2, 2, 2, 3]
    assert done == [2, 3]
    assert await ledger.known_versions("GadgetState", ["k", "l"]) == {"k": 3, "l": 0}


async def test_a_new_follower_learns_of_what_there_was_by_a_resync(watched: Watched) -> None:
    """Whatever was published before it had a queue."""
    for number in range(5):
        await watched.gadgets.create({"name": f"g{number}"})
    async with watched.relay():
        await until_async(lambda: _all_told(watched), "all is published")
    delete_queues(watched.system.parameters, watched.topology)
    async with watched.relay(), watched.subscriber():
        assert await resync(watched.outbox, []) == 5
        await watched.in_step()
