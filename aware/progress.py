"""How far a command has come: a bar on a terminal, log events elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import structlog

log = structlog.get_logger(__name__)

_EVENTS = 4
"""How many events tell of the whole."""


@contextmanager
def progress(task: str, total: int) -> Iterator[Callable[..., None]]:
    """Give what is to be called after each of `total` steps, or with how many were done."""
    if not sys.stderr.isatty():
        yield _Events(task, total)
        return
    with click.progressbar(length=total, label=task.capitalize(), file=sys.stderr) as bar:
        yield lambda steps=1: bar.update(steps)


class _Events:
    def __init__(self, task: str, total: int) -> None:
        self._task, self._total, self._done = task, total, 0

    def __call__(self, steps: int = 1) -> None:
        before, self._done = self._done, self._done + steps
        event = -(-self._total // _EVENTS) or 1
        if self._done // event > before // event or before < self._total <= self._done:
            log.info("progress", task=self._task, done=self._done, of=self._total)
