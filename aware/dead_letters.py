"""`dead-letters`: look at, try again or drop messages that could not be applied."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import click

from aware.running import run
from messaging.broker import Delivery, Message
from messaging.consumer import DEAD_SINCE, REASON
from messaging.dead_letters import DeadLetters, dead_letters, letter_id
from messaging.nodes import connection_parameters
from messaging.topology import Topology, queue_of
from processes.settings import rabbit_settings
from services.declaration import Subscriber
from services.reading import declared


@click.group("dead-letters")
@click.option(
    "--of", "process", help="Whose; those of the subscriber that one logs in as, if not said."
)
@click.pass_context
def dead_letters_command(context: click.Context, process: str | None) -> None:
    """Look at, try again or drop messages that could not be applied."""
    context.obj = process


@dead_letters_command.command("list")
def list_command() -> None:
    """List all, the oldest first: id, since when, why. Changes nothing."""

    async def show(held: DeadLetters) -> None:
        for each in held.letters:
            click.echo(_line(each.message))
        click.echo(f"{_count(held.letters)}{_beyond(held, 'that are not shown')}", err=True)

    _with_dead_letters(show)


@dead_letters_command.command("show")
@click.argument("letter")
def show_command(letter: str) -> None:
    """Show all of the message LETTER. Changes nothing."""

    async def show(held: DeadLetters) -> None:
        for each in held.find(letter):
            click.echo(_whole(each.message))

    _with_dead_letters(show)


@dead_letters_command.command("replay")
@click.argument("letter", required=False)
@click.option("--all", "everything", is_flag=True, help="Replay all.")
def replay_command(letter: str | None, *, everything: bool) -> None:
    """Try the message LETTER again, from the beginning."""

    async def replay(held: DeadLetters) -> None:
        chosen = _choose(held, letter, everything=everything)
        await held.replay(chosen)
        click.echo(f"{_count(chosen)} replayed{_beyond(held, 'are left')}")

    _with_dead_letters(replay)


@dead_letters_command.command("drop")
@click.argument("letter", required=False)
@click.option("--all", "everything", is_flag=True, help="Drop all.")
def drop_command(letter: str | None, *, everything: bool) -> None:
    """Forget the message LETTER for good."""

    async def drop(held: DeadLetters) -> None:
        chosen = _choose(held, letter, everything=everything)
        await held.drop(chosen)
        click.echo(f"{_count(chosen)} dropped{_beyond(held, 'are left')}")

    _with_dead_letters(drop)


def _with_dead_letters(use: Callable[[DeadLetters], Awaitable[None]]) -> None:
    async def hold_and_use() -> None:
        settings = rabbit_settings()
        topology = Topology(queue_of(_subscriber(settings.username), settings.queue))
        parameters = connection_parameters(settings, "dead-letters")
        async with dead_letters(parameters, topology) as held:
            await use(held)

    run(hold_and_use())


def _subscriber(login: str) -> Subscriber:
    """That which was named, that which the login is of, or the only one."""
    known = {each.process: each for each in declared().subscribers}
    name = click.get_current_context().find_object(str) or login
    if name in known:
        return known[name]
    if len(known) == 1:
        return next(iter(known.values()))
    raise click.UsageError(f"Say whose, by `dead-letters --of` with one of {', '.join(known)}.")


def _choose(held: DeadLetters, letter: str | None, *, everything: bool) -> Sequence[Delivery]:
    if (letter is None) != everything:
        raise click.UsageError("Give either LETTER or --all.")
    return held.letters if letter is None else held.find(letter)


def _count(letters: Sequence[Delivery]) -> str:
    return f"{len(letters)} dead letter{'s' if len(letters) != 1 else ''}"


def _beyond(held: DeadLetters, what: str) -> str:
    """Whether that was all: no more can be held at once."""
    return f", and {held.beyond} younger ones {what}" if held.beyond else ""


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
