"""A supervisor with small programs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.parts import Part
from local.supervision import Supervisor

Supervise = Callable[[list[Part]], Supervisor]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    """Starts a real supervisord which has the parts given, and ends it after the test."""
    supervisor = Supervisor(tmp_path, tmp_path, tmp_path)

    def start(parts: list[Part]) -> Supervisor:
        supervisor.start([part.program() for part in parts], {"PATH": os.environ["PATH"]})
        return supervisor

    yield start
    supervisor.shut_down()
