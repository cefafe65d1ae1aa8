"""Waiting for what must come about, without a fixed sleep."""

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], object], what: str, deadline: float = 30.0) -> None:
    """Return as soon as `condition` holds; fail, saying what was waited for, after `deadline` s."""
    end = time.monotonic() + deadline
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"waited {deadline} s until {what}"
        pause.wait(0.02)
