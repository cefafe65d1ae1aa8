"""A command in the foreground: what it says, and the signals and the terminal that end it."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import click

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptedRun(BaseException):
    """A signal asked for the end; not an Exception, so that nothing takes it for a failure."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make the signals that ask for the end raise InterruptedRun, once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # The end that has begun is not to be cut off by an impatient second signal.
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise InterruptedRun

    before = {each: signal.signal(each, interrupt) for each in _ENDING}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


class Terminal:
    """The terminal of this command, where it has one.

    Where make itself leads the terminal's session, as under `ssh -t HOST make up`, the signal that
    says that it was closed reaches make alone, and make waits for us.
    """

    def __init__(self) -> None:
        self._input = select.poll()
        if sys.stdin and sys.stdin.isatty():
            self._input.register(sys.stdin, 0)

    def is_closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._input.poll(0))


def say(text: str) -> None:
    """Print a line."""
    try:
        click.echo(text)
    except OSError:
        # The terminal may be gone, and with SIGHUP it is. That must not end the stopping, nor
        # must what could not be written spoil the exit status when Python flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
