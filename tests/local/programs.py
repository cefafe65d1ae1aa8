"""Parts made of small programs, for tests of what happens to any part."""

import sys
from collections.abc import Callable
from pathlib import Path

from local.parts import Part
from local.supervision import Program

SLEEPING = "import time; time.sleep(600)"


def part(
    name: str,
    code: str = SLEEPING,
    *,
    needs: tuple[str, ...] = (),
    healthy: Callable[[], bool] = lambda: True,
    once: bool = False,
) -> Part:
    """A part whose program is the Python `code`."""
    program = Program(name, (sys.executable, "-c", code), {}, once=once, grace=5)
    return Part(name, needs, (), lambda: program, healthy, once)


def touching(file: Path) -> str:
    """Code that makes `file` and then sleeps."""
    return f"open({str(file)!r}, 'w').close(); {SLEEPING}"
