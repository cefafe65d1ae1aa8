"""Waiting for a condition, up to a generous deadline."""

import time
from collections.abc import Callable

_DEADLINE_SECONDS = 120
_PAUSE_SECONDS = 0.1


def until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as the condition holds; AssertionError after two minutes."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"after {_DEADLINE_SECONDS} s still not: {what}"
        time.sleep(_PAUSE_SECONDS)
