"""A person, or the machine's end, asks for the end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal asked for the end; not an Exception, so that nothing takes it for a failure."""

    def __str__(self) -> str:
        return "it was interrupted"


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGINT and SIGTERM raise Interrupted. A connection that ends is no reason to end."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = {each: signal.signal(each, interrupt) for each in _ENDING}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Do this to its end, whatever signal comes."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in _ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
