"""`python -m tests.tracing`: draws a trace of a real system, or kills it and counts."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from local.ports import Ports
from local.stack import Stack
from tests.tracing.client import Client
from tests.tracing.conftest import PARTS
from tests.tracing.killed import run
from tests.tracing.picture import drawn
from tests.tracing.receiver import Collector, collector
from tests.waiting import until

_SPANS = 7


@click.group()
def main() -> None:
    """Traces of a system that is started for it, with a collector beside it."""


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def draw(file: Path) -> None:
    """Draw a change's trace, from the request to the order, as an SVG into FILE."""
    with _system() as (system, taken), Client(system) as client:
        user = client.new_user()
        order = client.new_order(user)
        for _ in range(3):  # the first find everything cold
            trace, email = client.change(user)
            until(lambda: client.emails(order) == [email], "the order has it")  # noqa: B023
        until(lambda: len(taken.of(trace)) >= _SPANS, "all spans")
        file.write_text(drawn(taken.of(trace)), "utf-8")


@main.command()
@click.option("--changes", type=int, default=1000, show_default=True)
@click.option("--seed", type=int, help="Of the kills; any by default.")
def kill(changes: int, seed: int | None) -> None:
    """Kill every part again and again under changes, and count what their traces came to."""
    with _system() as (system, taken):
        click.echo(str(run(system, taken, changes, seed or secrets.randbelow(10**9))))


@contextmanager
def _system() -> Iterator[tuple[Stack, Collector]]:
    with collector() as taken, tempfile.TemporaryDirectory() as folder:
        given = {"OTEL_EXPORTER_OTLP_ENDPOINT": taken.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        system = Stack(Path(folder) / "state", Ports.free(), 100, PARTS, given)
        system.start()
        try:
            yield system, taken
        finally:
            system.stop()


main(prog_name="tests.tracing")
