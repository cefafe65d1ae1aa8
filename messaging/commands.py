"""The commands of the sync."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import click
import structlog

from messaging.amqp import connection_parameters
from messaging.broker import BrokerError, Delivery, Message
from messaging.consumer import DEAD_SINCE, REASON
from messaging.dead_letters import DeadLetters, UnknownLetter, dead_letters, letter_id
from messaging.resync import UnknownUser, resync
from messaging.topology import Topology
from processes import order_consumer, user_relay
from processes.settings import mongo_settings, rabbit_settings
from storage.client import connect
from storage.contacts import MongoContactsStore
from storage.durable import DatabaseUnavailable
from storage.outbox import MongoOutbox

T = TypeVar("T")


@click.command("user-relay")
def relay_command() -> None:
    """Publish changes of contact data to RabbitMQ, until SIGTERM."""
    user_relay.run()


@click.command("order-consumer")
def consumer_command() -> None:
    """Bring orders into step with changes from RabbitMQ, until SIGTERM."""
    order_consumer.run()


@click.group("dead-letters")
def dead_letters_group() -> None:
    """Look at, try again or drop messages that could not be applied."""


@dead_letters_group.command("list")
def list_command() -> None:
    """List all, the oldest first: id, since when, why. Changes nothing."""

    async def show(held: DeadLetters) -> None:
        for each in held.letters:
            click.echo(_line(each.message))
        click.echo(_count(held.letters), err=True)

    _with_dead_letters(show)


@dead_letters_group.command("show")
@click.argument("letter")
def show_command(letter: str) -> None:
    """Show all of the message LETTER. Changes nothing."""

    async def show(held: DeadLetters) -> None:
        for each in held.find(letter):
            click.echo(_whole(each.message))

    _with_dead_letters(show)


@dead_letters_group.command("replay")
@click.argument("letter", required=False)
@click.option("--all", "everything", is_flag=True, help="Replay all.")
def replay_command(letter: str | None, *, everything: bool) -> None:
    """Try the message LETTER again, from the beginning."""

    async def replay(held: DeadLetters) -> None:
        chosen = _choose(held, letter, everything=everything)
        await held.replay(chosen)
        click.echo(f"{_count(chosen)} replayed")

    _with_dead_letters(replay)


@dead_letters_group.command("drop")
@click.argument("letter", required=False)
@click.option("--all", "everything", is_flag=True, help="Drop all.")
def drop_command(letter: str | None, *, everything: bool) -> None:
    """Forget the message LETTER for good."""

    async def drop(held: DeadLetters) -> None:
        chosen = _choose(held, letter, everything=everything)
        await held.drop(chosen)
        click.echo(f"{_count(chosen)} dropped")

    _with_dead_letters(drop)


@click.command("resync")
@click.option("--user", help="The userId; all users where it is left out.")
def resync_command(user: str | None) -> None:
    """Publish contact data anew, after a disk was lost or a database restored.

    Needs a login that reaches both databases, as the set-up has.
    """
    count = _run(_resync, user)
    click.echo(f"{count} user{'s' if count != 1 else ''} will be published anew")


async def _resync(user: str | None) -> int:
    settings = mongo_settings()
    async with connect(settings) as client:
        users = MongoOutbox(client[settings.users]["users"])
        return await resync(users, MongoContactsStore(client[settings.orders]), user)


def _with_dead_letters(use: Callable[[DeadLetters], Awaitable[None]]) -> None:
    async def hold_and_use() -> None:
        settings = rabbit_settings()
        parameters = connection_parameters(settings, "dead-letters")
        async with dead_letters(parameters, Topology(settings.queue)) as held:
            await use(held)

    _run(hold_and_use)


def _run(work: Callable[..., Awaitable[T]], *arguments: str | None) -> T:
    """Do it; what can go wrong becomes one line and exit status 1."""

    async def do() -> T:
        return await work(*arguments)

    # A connection made is news in a service, and noise here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        return asyncio.run(do())
    except UnknownLetter as error:
        raise click.ClickException(f"there is no dead letter {error}") from error
    except UnknownUser as error:
        raise click.ClickException(f"there is no user {error}") from error
    except DatabaseUnavailable as error:
        raise click.ClickException(f"MongoDB: {error}") from error
    except (BrokerError, TimeoutError) as error:
        reason = str(error) or "no connection, or somebody else holds the dead letters"
        raise click.ClickException(f"RabbitMQ: {reason}") from error


def _choose(held: DeadLetters, letter: str | None, *, everything: bool) -> Sequence[Delivery]:
    if (letter is None) != everything:
        raise click.UsageError("Give either LETTER or --all.")
    return held.letters if letter is None else held.find(letter)


def _count(letters: Sequence[Delivery]) -> str:
    return f"{len(letters)} dead letter{'s' if len(letters) != 1 else ''}"


def _line(message: Message) -> str:
    reason = str(message.headers.get(REASON, "")).replace("\n", " ")
    return f"{letter_id(message)}  {_since(message)}  {reason}"


def _since(message: Message) -> str:
    moment = message.headers.get(DEAD_SINCE)
    if not isinstance(moment, int):
        return "-"
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def _whole(message: Message) -> str:
    """As JSON; the body as text, where it is text."""
    parts = {
        "id": letter_id(message),
        "deadSince": _since(message),
        "type": message.type,
        "contentType": message.content_type,
        "appId": message.app_id,
        "headers": dict(message.headers),
        "body": message.body.decode("utf-8", "backslashreplace"),
    }
    return json.dumps(parts, indent=2, ensure_ascii=False)
