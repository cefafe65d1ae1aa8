"""The commands that start, stop and show the system on this machine."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import ParamSpec

import click

from local import display
from local.errors import AlreadyRunningError, LocalError, NotRunningError
from local.parts import every, own
from local.passwords import COMMANDS
from local.ports import Ports
from local.stack import ROOT, Stack

_P = ParamSpec("_P")
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WATCH = 1000  # milliseconds between two looks whether the supervisor still runs
_P_VALUE = 70
_INTERRUPTED = "Interrupted; everything is stopped."


class _InterruptedError(BaseException):
    """A signal asked for the end; not an Exception, so that nothing takes it for a failure."""


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
    system = configured()
    with _interruptible():
        _start(system)
        try:
            _say(display.places(system))
            _say("\nCtrl-C stops everything.")
            _watch(system)
        except _InterruptedError:
            _say("\nStopping.")
            system.stop(_say)


@click.command()
@reporting
def start() -> None:
    """Start the system in the background; return when all of it is healthy."""
    system = configured()
    with _interruptible():
        _start(system)
        try:
            _say(display.places(system))
            _say("\n`make stop` ends it, `make status` tells how it is.")
        except _InterruptedError:
            system.stop(_say)
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
    _say("Stopped." if system.stop(_say) else f"Nothing runs in {system.state}.")


@click.command()
@click.pass_context
@reporting
def status(context: click.Context) -> None:
    """Show all parts; the exit status is 0 if all are healthy."""
    system = Stack.running(state_folder())
    parts = system.status()
    _say(display.table(parts))
    if not system.is_running():
        _say("\nThe supervisor is gone: `make stop` clears up, `make start` starts anew.")
    if any(part.state not in {"healthy", "done"} for part in parts):
        context.exit(1)


@click.command()
@click.argument("part", callback=_one_of(every))
def logs(part: str) -> None:
    """Follow the log of one PART."""
    file = Stack(state_folder(), Ports(), _P_VALUE).log(part)
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
    return Path(os.environ.get("AWARE_STATE") or ROOT / ".aware").resolve()


def configured() -> Stack:
    """The system that the environment describes.

    P_VALUE: percent of the user requests that v1 gets at the first start, 0 to 100
    """
    value = os.environ.get("P_VALUE") or str(_P_VALUE)
    if not (value.isascii() and value.isdigit() and int(value) <= 100):  # noqa: PLR2004 - per cent
        raise LocalError(f"P_VALUE is {value!r}; it must be a whole number from 0 to 100.")
    return Stack(state_folder(), Ports.standard(os.environ), int(value))


def _start(system: Stack) -> None:
    try:
        system.start(_say)
    except AlreadyRunningError as error:
        raise LocalError(f"{error} `make status` shows it, `make stop` ends it.") from error
    except _InterruptedError:
        raise LocalError(_INTERRUPTED) from None


def _watch(system: Stack) -> None:
    """Return when somebody else has stopped the system; raise LocalError where it crashed.

    Raises _InterruptedError when the terminal is closed: where make itself leads the terminal's
    session, as under `ssh -t HOST make up`, the signal reaches make alone, and make waits for us.
    """
    terminal = select.poll()
    if sys.stdin and sys.stdin.isatty():
        terminal.register(sys.stdin, 0)
    while system.is_running():
        if terminal.poll(_WATCH):
            raise _InterruptedError
    if system.stop(_say):
        raise LocalError("The supervisor died; everything is stopped.")
    _say("Stopped from elsewhere.")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make the signals that ask for the end raise _InterruptedError, once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # The end that has begun is not to be cut off by an impatient second signal.
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise _InterruptedError

    before = {each: signal.signal(each, interrupt) for each in _ENDING}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def _say(text: str) -> None:
    try:
        click.echo(text)
    except OSError:
        # The terminal may be gone, and with SIGHUP it is. That must not end the stopping, nor
        # must what could not be written spoil the exit status when Python flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
