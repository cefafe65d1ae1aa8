"""The commands that start, stop and show the system on this machine."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from gateway.splits import FIRST_SHARE
from local import display
from local.errors import AlreadyRunningError, LocalError, NotRunningError
from local.foreground import InterruptedRun, Terminal, interruptible, say
from local.parts import OBSERVABILITY, every, own, possible
from local.passwords import COMMANDS
from local.ports import Ports
from local.stack import ROOT, Stack
from settings.environment import Environment

_P = ParamSpec("_P")
_INTERRUPTED = "Interrupted; everything is stopped."


def reporting(command: Callable[_P, None]) -> Callable[_P, None]:
    """Turn a LocalError into a message and status 1."""

    @wraps(command)
    def reporting(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LocalError as error:
            raise click.ClickException(str(error)) from error

    return reporting


def _one_of(names: Callable[[], Sequence[str]]) -> Callable[..., str]:
    """What refuses an argument that is none of `names`, which are known when it is called."""

    def checked(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
        if value not in names():
            raise click.BadParameter(f"{value} is none of {', '.join(names())}")
        return value

    return checked


@click.command()
@reporting
def up() -> None:
    """Start the system, and stop it on Ctrl-C."""
    run(configured(), lambda _: lambda: time.sleep(1), "Ctrl-C stops everything.")


@click.command()
@reporting
def start() -> None:
    """Start the system in the background; return when all of it is healthy."""
    system = configured()
    with interruptible():
        _start(system)
        try:
            say(display.places(system))
            say("\n`make stop` ends it, `make status` tells how it is.")
        except InterruptedRun:
            system.stop(say)
            raise LocalError(_INTERRUPTED) from None


@click.command()
@reporting
def stop() -> None:
    """Stop the system, whoever started it."""
    try:
        system = Stack.running(state_folder())
    except NotRunningError:
        # There may be leftovers all the same, of a state folder that was removed.
        system = configured()
    say("Stopped." if system.stop(say) else f"Nothing runs in {system.state}.")


@click.command()
@click.pass_context
@reporting
def status(context: click.Context) -> None:
    """Show all parts; the exit status is 0 if all are healthy."""
    system = Stack.running(state_folder())
    parts = system.status()
    say(display.table(parts))
    if not system.is_running():
        say("\nThe supervisor is gone: `make stop` clears up, `make start` starts anew.")
    if any(part.state not in {"healthy", "done"} for part in parts):
        context.exit(1)


@click.command()
@click.argument("part", callback=_one_of(possible))
def logs(part: str) -> None:
    """Follow the log of one PART."""
    file = Stack(state_folder(), Ports(), FIRST_SHARE).log(part)
    if not file.exists():
        raise click.ClickException(f"{part} has never been started: there is no {file}.")
    os.execvp("tail", ["tail", "-n", "100", "-F", str(file)])  # noqa: S606 - follows better


@click.command("as", context_settings={"ignore_unknown_options": True})
@click.argument("part", callback=_one_of(lambda: (*own(), *COMMANDS)))
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED)
@reporting
def run_as(part: str, arguments: tuple[str, ...]) -> None:
    """Run another command with the settings and the logins of PART of the running system."""
    environment = os.environ | Stack.running(state_folder()).environment(part)
    os.execve(sys.executable, [sys.executable, "-m", "aware", *arguments], environment)  # noqa: S606


def state_folder() -> Path:
    """The state folder.

    AWARE_STATE: the folder of data, logs and passwords; `.aware` in the clone by default
    """
    return (Environment().path("AWARE_STATE") or ROOT / ".aware").resolve()


def configured() -> Stack:
    """The system that the environment describes.

    P_VALUE: percent of the user requests that v1 gets at the first start, 0 to 100
    OBSERVABILITY: `true` starts Prometheus and the exporter too
    """
    given = Environment()
    parts = (*every(), *(OBSERVABILITY if given.flag("OBSERVABILITY") else ()))
    share = given.whole("P_VALUE", FIRST_SHARE, 0, 100)
    return Stack(state_folder(), Ports.standard(os.environ), share, parts)


def _start(system: Stack) -> None:
    try:
        system.start(say)
    except AlreadyRunningError as error:
        raise LocalError(f"{error} `make status` shows it, `make stop` ends it.") from error
    except InterruptedRun:
        raise LocalError(_INTERRUPTED) from None


def run(system: Stack, begin: Callable[[Stack], Callable[[], None]], hint: str) -> None:
    """Start the system, and do what `begin` answers again and again, until somebody stops it.

    Raises LocalError where it crashed. A terminal that is closed ends it too.
    """
    with interruptible():
        _start(system)
        try:
            say(display.places(system))
            again, terminal = begin(system), Terminal()
            say(f"\n{hint}")
            while system.is_running():
                again()
                if terminal.is_closed():
                    raise InterruptedRun  # noqa: TRY301 - as a signal does
        except InterruptedRun:
            say("\nStopping.")
            system.stop(say)
            return
        except BaseException:
            system.stop(say)
            raise
        if system.stop(say):
            raise LocalError("The supervisor died; everything is stopped.")
        say("Stopped from elsewhere.")
