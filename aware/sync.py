"""`sync explain`: how far a change has come to an order, and what it waits for now."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

import click
import orjson

from aware.running import run
from messaging.amqp import AmqpBroker
from messaging.broker import BrokerError, Delivery
from messaging.consumer import DEAD_SINCE, REASON
from messaging.dead_letters import dead_letters, letter_id
from messaging.events import moment_in
from messaging.explaining import (
    Copied,
    DeadLetter,
    Explanation,
    NothingKnownError,
    Queues,
    explain,
    wanted_in_words,
)
from messaging.nodes import connection_parameters
from messaging.settings import RabbitSettings
from messaging.topology import Declarations, Topology, queue_of
from processes.settings import mongo_settings, rabbit_settings
from services.declaration import System
from services.payload import VERSION, keys
from services.reading import declared
from storage.client import MongoSettings, connect
from storage.property_names import stored_paths
from storage.queue_part_counts import MOST, PARTS
from tracing.cause import Cause


@click.group("sync")
def sync_command() -> None:
    """Look at the sync."""


@sync_command.command("explain")
@click.argument("wanted", metavar="ORDER_ID")
@click.option("--json", "as_json", is_flag=True, help="For machines: one object.")
def explain_command(wanted: str, *, as_json: bool) -> None:
    """Show how far the newest change of an order's user has come, and what it waits for.

    ORDER_ID may also be the id of a request (X-Request-Id). Needs a login that reaches all
    databases and queues, as the set-up has. Changes nothing.
    """
    work = _explained(declared(), mongo_settings(), rabbit_settings(), wanted)
    found, queues = run(work, log_level=logging.ERROR)  # that RabbitMQ is away is in the answer
    click.echo(_machines(found, queues) if as_json else _people(found, queues))


async def _explained(
    system: System, mongo: MongoSettings, rabbit: RabbitSettings, wanted: str
) -> tuple[Explanation, Queues | None]:
    words = "no service copies anything: there is nothing to explain"
    async with connect(mongo) as client:
        for service in system:
            row = service.follows
            if row is None or row.copies is None:
                continue
            publisher, event = system.published[row.events[0]]
            assert publisher.publishes is not None  # noqa: S101 - whoever has events has a relay
            name, key = row.copies
            (path,) = stored_paths([key])
            of = Copied(
                client[mongo.database(service.database)][name],
                path,
                client[mongo.database(service.database)]["contacts"],
                client[mongo.database(publisher.database)][event.collection],
                publisher.publishes.process,
                row.process,
            )
            name = queue_of(row, rabbit.queue)
            known = await client[mongo.database(service.database)][PARTS].find_one({"_id": name})
            topology = Topology(name, known=1 if known is None else int(known[MOST]))
            queues = await _queues(system, rabbit, topology)
            with suppress(NothingKnownError):
                return await explain(of, wanted, queues), queues
            words = wanted_in_words(of, wanted)
    raise click.ClickException(words)


async def _queues(system: System, rabbit: RabbitSettings, topology: Topology) -> Queues | None:
    """What RabbitMQ knows; None where it cannot be reached within some seconds."""
    parameters = connection_parameters(rabbit, "explain")
    try:
        async with dead_letters(parameters, topology) as held:
            dead = [_letter(system, each) for each in held.letters]
        # Nothing is declared: how many parts the queue has, others say.
        async with AmqpBroker(parameters, Declarations()) as broker:
            await broker.connected()
            updates = {each.name: await broker.waiting_in(each) for each in topology.parts}
            retries = {each.name: await broker.waiting_in(each) for each in topology.retries}
    except (BrokerError, TimeoutError):
        return None
    return Queues(updates, retries, dead)


def _letter(system: System, delivery: Delivery) -> DeadLetter:
    message = delivery.message
    key, version = "", 0
    with suppress(ValueError, LookupError, TypeError):  # it may be dead because it is no event
        body = orjson.loads(message.body)
        key, version = str(body[keys(system)[message.type]]), int(body[VERSION])
    return DeadLetter(
        letter_id(message),
        key,
        version,
        Cause.of_headers(message.headers).request_id,
        str(message.headers.get(REASON, "")),
        moment_in(message.headers.get(DEAD_SINCE)),
    )


def _people(found: Explanation, queues: Queues | None) -> str:
    rows = (
        ("changed", found.changed_at, f"{found.key} has version {found.version}"),
        ("published", found.published_at, _pending(found)),
        ("delivered", found.delivered_at, ""),
        ("applied", found.applied_at, _copies(found)),
    )
    of_request = f"request {found.request}, which changed {found.key}"
    lines = [
        f"{found.copy}, which copies {found.key or 'nobody'}" if found.copy else of_request,
        *(f"{name:11} {value}" for name, value in _names(found) if value),
        "",
        *(_row(name, at, found.changed_at, said) for name, at, said in rows if found.key),
        "",
        f"{click.style('waits for', bold=True)}   {found.waits_for}",
        _state(queues),
    ]
    return "\n".join(lines)


def _row(name: str, at: datetime | None, begin: datetime | None, said: str) -> str:
    return f"{name:11} {_time(at):25} {_after(begin, at):>9}  {said}".rstrip()


def _names(found: Explanation) -> Sequence[tuple[str, str]]:
    newest = found.cause.request_id
    title = "request" if found.copy else "replaced by"
    shown = "" if newest == found.request else newest
    return ((title, shown), ("trace", found.cause.trace_id))


def _pending(found: Explanation) -> str:
    if found.pending_since is None:
        return ""
    more = f", {found.merged} more merged into it" if found.merged else ""
    return f"pending since {_time(found.pending_since)}{more}"


def _copies(found: Explanation) -> str:
    if found.copy:
        return f"it has version {found.copy_version}"
    return f"{found.copies - found.behind} of {found.copies} copies have it"


def _state(queues: Queues | None) -> str:
    if queues is None:
        return "RabbitMQ    cannot be reached"
    counts = {**queues.updates, **queues.retries}
    told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    return f"RabbitMQ    {told or 'no messages wait'}; {len(queues.dead)} dead letters"


def _time(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _after(begin: datetime | None, moment: datetime | None) -> str:
    if begin is None or moment is None or moment <= begin:
        return ""
    seconds = (moment - begin).total_seconds()
    return f"+{seconds * 1000:.0f} ms" if seconds < 1 else f"+{seconds:.1f} s"


def _machines(found: Explanation, queues: Queues | None) -> str:
    told = asdict(found) | {"trace_id": found.cause.trace_id, "queues": queues and asdict(queues)}
    return json.dumps(told, indent=2, default=datetime.isoformat)
