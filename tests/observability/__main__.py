"""Breaks a running system, and draws panels: `python -m tests.observability docs`."""

import math
import re
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from canary.plots import line_plot
from observability.dashboard import Panel, declared_dashboard
from tests.observability.background import background
from tests.observability.faults import Fault, broker_stopped, consumer_stopped, version_stopped
from tests.observability.system import HASTE, Observed, hurried, observed

_STORY: Sequence[Fault] = (version_stopped, consumer_stopped, broker_stopped)
_PANELS = (
    "Requests by service and version",
    "Share of each version, and what it is to be",
    "Outbox lag",
    "Messages ready",
)
_CALM_SECONDS = 30
_BROKEN_SECONDS = 40
_STEP_SECONDS = 2


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write a picture of each panel into FOLDER, and say when which alert fired."""
    click.echo(f"Time runs {HASTE} times faster: a second stands for {HASTE}.")
    with (
        tempfile.TemporaryDirectory(prefix="observed-") as state,
        observed(Path(state), extra={}) as system,
    ):
        system.back_up()
        time.sleep(_CALM_SECONDS)
        began = time.time()
        with _told(system, began):
            for fault in _STORY:
                time.sleep(_CALM_SECONDS)
                _say(began, f"{fault.__name__.replace('_', ' ')}")
                with fault(system):
                    time.sleep(_BROKEN_SECONDS)
                _say(began, "mended")
            time.sleep(2 * _CALM_SECONDS)
        for panel in declared_dashboard().panels:
            if panel.title in _PANELS:
                slug = re.sub(r"[^a-z]+", "-", panel.title.lower())
                file = folder / f"observability-{slug}.svg"
                file.write_text(_picture(system, panel, began), "utf-8")
                click.echo(f"written {file}")


@contextmanager
def _told(system: Observed, began: float) -> Iterator[None]:
    """Say what fires and resolves, while this is open."""

    def look(end: threading.Event) -> None:
        before: set[str] = set()
        while not end.wait(0.5):
            now = {alert for alert, _ in system.firing()}
            for alert in sorted(now ^ before):
                _say(began, f"  {alert} {'fires' if alert in now else 'is resolved'}")
            before = now

    with background(look):
        yield


def _say(began: float, text: str) -> None:
    click.echo(f"{time.time() - began:5.0f} s  {text}")


def _picture(system: Observed, panel: Panel, began: float) -> str:
    return line_plot(panel.title, "seconds", panel.unit, dict(_lines(system, panel, began)))


def _lines(
    system: Observed, panel: Panel, began: float
) -> Iterator[tuple[str, list[tuple[float, float | None]]]]:
    """Each line of a panel that is not zero all the time: its name and its points."""
    moments = range(0, int(time.time() - began), _STEP_SECONDS)
    for query in panel.queries:
        expression = hurried(query.expr)
        for found in system.query(expression, start=began, end=time.time(), step=_STEP_SECONDS):
            name = query.legend
            for label, value in found["metric"].items():
                name = name.replace(f"{{{{{label}}}}}", value)
            values = {round(at - began): float(value) for at, value in found["values"]}
            seen = {at: value for at, value in values.items() if math.isfinite(value)}
            if any(seen.values()):
                yield name, [(at, seen.get(at)) for at in moments]


if __name__ == "__main__":
    main()
