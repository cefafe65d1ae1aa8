"""What can be broken on purpose, each with the alerts that it is to cause."""

import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pika
from bson import Int64
from pymongo import MongoClient

from messaging.clock import SystemClock
from messaging.nodes import connection_parameters
from messaging.topology import QUEUE_NAME, Queue, Topology
from storage.backup.manifest import MANIFEST, SUFFIX
from storage.client import MongoSettings
from storage.contacts import Contacts
from storage.system_fields import CONTACT_VERSION, OUTBOX
from tests.apis import change_of, contact_events
from tests.examples import ADDRESS
from tests.messaging.rabbitmq import OfTheMachine
from tests.messaging.system import administrator
from tests.observability.background import background
from tests.observability.system import Observed

_TOPOLOGY = Topology(QUEUE_NAME)

Fault = Callable[[Observed], AbstractContextManager[None]]
"""Breaks something while its context is open."""

_MANY = 1100
_LATE = timedelta(minutes=1)


@contextmanager
def stopped(system: Observed, part: str) -> Iterator[None]:
    """A part that does not run."""
    system.stack.stop_part(part)
    try:
        yield
    finally:
        system.stack.start_part(part)


def order_service_stopped(system: Observed) -> AbstractContextManager[None]:
    """The gateway answers for it."""
    return stopped(system, "order-service")


def version_stopped(system: Observed) -> AbstractContextManager[None]:
    """The other one gets all requests."""
    return stopped(system, "user-service-v2")


def broker_stopped(system: Observed) -> AbstractContextManager[None]:
    """Changes wait in the outbox."""
    return stopped(system, "rabbitmq")


def database_stopped(system: Observed) -> AbstractContextManager[None]:
    """The change stream is lost with it."""
    return stopped(system, "mongodb")


@contextmanager
def consumer_stopped(system: Observed) -> Iterator[None]:
    """More waits in its queue than it is used to."""
    with stopped(system, "order-consumer"):
        with _channel(system) as channel:
            for number in range(_MANY):
                _publish(channel, f"nobody-{number}")
        yield


@contextmanager
def late_messages(system: Observed) -> Iterator[None]:
    """Events of changes that were written a minute ago come in, one after the other."""

    def send(end: threading.Event) -> None:
        with _channel(system) as channel:
            for number in range(1, 10_000):
                _publish(channel, "nobody-late", number, _LATE)
                if end.wait(0.1):
                    return

    with background(send):
        yield


@contextmanager
def bad_message(system: Observed) -> Iterator[None]:
    """It is a dead letter at once; the operator drops it."""
    with _channel(system) as channel:
        properties = pika.BasicProperties(content_type="application/json", message_id="bad")
        address = _TOPOLOGY.updates.address
        channel.basic_publish(address.exchange, address.routing_key, b"{", properties)
    yield
    system.command("order-consumer", "dead-letters", "drop", "bad")


@contextmanager
def memory_alarm(system: Observed) -> Iterator[None]:
    """The broker has less memory than it is told that it may use."""
    rabbitmq = OfTheMachine(system.stack)
    rabbitmq.control("set_vm_memory_high_watermark", "0.00001")
    try:
        yield
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "0.4")


def leader_stopped(system: Observed) -> AbstractContextManager[None]:
    """The queue of events is one of which no member runs."""
    return _without_leader(system, _TOPOLOGY.updates)


def leader_of_the_dead_letters_stopped(system: Observed) -> AbstractContextManager[None]:
    """The same where nobody consumes."""
    return _without_leader(system, _TOPOLOGY.dead)


@contextmanager
def _without_leader(system: Observed, queue: Queue) -> Iterator[None]:
    rabbitmq = OfTheMachine(system.stack)
    member = f"{{'%2F_{queue.name}', node()}}"
    rabbitmq.control("eval", f"ra:stop_server(quorum_queues, {member}).")
    try:
        yield
    finally:
        rabbitmq.control("eval", f"ra:restart_server(quorum_queues, {member}).")


@contextmanager
def database_refusing(system: Observed) -> Iterator[None]:
    """It takes changes of u1 alone, and none of orders, as after a mistake with validators."""
    names = MongoSettings("", "", "")
    with _mongodb(system) as client:
        collections = client[names.users]["users"], client[names.orders]["orders"]
        before = [each.options()["validator"] for each in collections]
        for each, valid in zip(collections, ("u1", "none"), strict=True):
            each.database.command("collMod", each.name, validator={"_id": valid})
        try:
            yield
        finally:
            for each, validator in zip(collections, before, strict=True):
                each.database.command("collMod", each.name, validator=validator)


@contextmanager
def primary_stepped_down(system: Observed) -> Iterator[None]:
    """The only member of the replica set is no primary, and may not become one."""
    with _mongodb(system) as client:
        client.admin.command("replSetStepDown", 600, secondaryCatchUpPeriodSecs=0, force=True)
        try:
            yield
        finally:
            client.admin.command("replSetFreeze", 0)


@contextmanager
def database_slow(system: Observed) -> Iterator[None]:
    """It takes writes only every two seconds, and answers all else."""

    def lock(end: threading.Event) -> None:
        with _mongodb(system) as client:
            while not end.is_set():
                client.admin.command("fsync", lock=True)
                time.sleep(1.7)
                client.admin.command("fsyncUnlock")
                time.sleep(0.3)

    with background(lock):
        yield


@contextmanager
def invalid_change(system: Observed) -> Iterator[None]:
    """A user who has no address and a pending entry, as only a bug can write it."""
    now = SystemClock().now()
    entry = {"since": now, "changedAt": now, "build": "v1"}
    with _mongodb(system) as client:
        users = client[MongoSettings("", "", "").users]["users"]
        users.insert_one(
            {
                "_id": "broken",
                "emails": [],
                "deliveryAddress": ADDRESS,
                **_nested({OUTBOX: entry, CONTACT_VERSION: Int64(1)}),
            },
            bypass_document_validation=True,
        )
        yield
        users.delete_one({"_id": "broken"})


@contextmanager
def old_backup(system: Observed) -> Iterator[None]:
    """The newest backup is two days old; then the operator makes a new one."""
    (file,) = system.backups.glob(f"*{SUFFIX}")
    with zipfile.ZipFile(file) as archive:
        manifest = archive.read(MANIFEST).decode()
    year = f"{SystemClock().now():%Y-}"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MANIFEST, manifest.replace(f'"moment": "{year}', '"moment": "2000-'))
    yield
    system.back_up()


FAULTS: Mapping[Fault, tuple[str, ...]] = {
    order_service_stopped: ("ServiceDown",),
    version_stopped: ("SplitOffTarget",),
    consumer_stopped: ("QueueWithoutConsumer", "QueueBacklog"),
    late_messages: ("SyncLagHigh",),
    bad_message: ("DeadLetters",),
    memory_alarm: ("BrokerAlarm",),
    broker_stopped: ("DependencyDown", "OutboxLagHigh"),
    leader_stopped: ("QueueWithoutLeader",),
    leader_of_the_dead_letters_stopped: ("QueueWithoutLeader",),
    database_refusing: ("HighErrorRatio",),
    primary_stepped_down: ("DatabaseWithoutPrimary", "GatewayErrors"),
    database_stopped: ("ChangeStreamLost",),
    database_slow: ("HighLatency",),
    invalid_change: ("EventsInvalid",),
    old_backup: ("BackupTooOld",),
}
"""Each fault, and the alerts that must fire while it lasts."""


@contextmanager
def _channel(system: Observed) -> Iterator[Any]:
    environment = system.stack.environment("rabbitmq-setup")
    parameters = connection_parameters(administrator(environment), "tests")
    with pika.BlockingConnection(parameters) as connection:
        yield connection.channel()


def _publish(
    channel: Any,  # noqa: ANN401 - pika has no types
    user: str,
    version: int = 1,
    late: timedelta = timedelta(),
) -> None:
    now = SystemClock().now()
    contacts = Contacts(user, version, ("nobody@example.com",), ADDRESS)
    change = replace(change_of(contacts, now), changed_at=now - late)
    message = contact_events().message(change)
    properties = pika.BasicProperties(
        content_type=message.content_type,
        message_id=message.message_id,
        type=message.type,
        headers={**message.headers},
        delivery_mode=2,
    )
    address = _TOPOLOGY.updates.address
    channel.basic_publish(address.exchange, address.routing_key, message.body, properties)


def _mongodb(system: Observed) -> MongoClient[dict[str, Any]]:
    given = system.stack.environment("mongodb-setup")
    host = f"127.0.0.1:{system.stack.ports.mongodb}"
    return MongoClient(
        f"mongodb://{host}/?directConnection=true",
        username=given["MONGO_USERNAME"],
        password=given["MONGO_PASSWORD"],
    )


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by their dotted paths, all below one object, as an object."""
    found: dict[str, Any] = {}
    for path, value in fields.items():
        outer, _, inner = path.partition(".")
        found.setdefault(outer, {})[inner] = value
    return found
