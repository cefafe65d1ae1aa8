"""The command `gateway rollout`."""

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import click
from rich.console import Console

from canary.analysis import Verdict
from canary.display import display
from canary.limits import Limits
from canary.record import Outcome, Plan, Record, record_path
from canary.report import write_report
from canary.rollout import Rollout, Sources
from gateway.errors import GatewayError
from gateway.finding import find
from gateway.process import kept_settings
from gateway.running import RunningGateway
from gateway.settings import GatewaySettings
from gateway.splits import SplitNames, split_names, target_variable
from gateway.weight import only_one, set_weight
from services.reading import declared

_EXIT_CODES = {
    Outcome.DONE: 0,
    Outcome.ROLLED_BACK: 3,
    Outcome.WAITED: 4,
    Outcome.INTERRUPTED: 130,
}


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Set by Ctrl-C and SIGTERM, instead of what they would do."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Seconds(click.ParamType[float]):
    """A duration: 30, 30s, 5m, 1h."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """In seconds."""
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", str(value))
        if not match:
            self.fail(f"{value!r} is not a duration as 30s, 5m or 1h", param, ctx)
        return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


@click.command()
@click.argument("service", default="", required=False)
@click.option(
    "--to", type=click.IntRange(0, 100), help="The percentage that the old version is to end with."
)
@click.option("--step", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--interval", type=_Seconds(), default="30s", show_default=True, help="Of a step.")
@click.option(
    "--patience",
    type=_Seconds(),
    default="30m",
    show_default=True,
    help="How long a step waits for enough to judge.",
)
@click.option("--look", type=_Seconds(), default="1s", show_default=True, help="Between looks.")
@click.option(
    "--requests",
    type=click.IntRange(1),
    default=Limits.requests,
    show_default=True,
    help="Of each version that are enough to judge.",
)
@click.option(
    "--errors",
    type=click.FloatRange(0, 100),
    default=100 * Limits.errors,
    show_default=True,
    help="Percent of requests that may end in 5xx beyond the old version's.",
)
@click.option(
    "--failed-events",
    type=click.FloatRange(0, 100),
    default=100 * Limits.failed_events,
    show_default=True,
    help="Percent of events that may fail beyond the old version's.",
)
@click.option(
    "--slower",
    type=click.FloatRange(1),
    default=Limits.factor,
    show_default=True,
    help="How many times the old version's times, of answers and of the sync, are allowed.",
)
@click.option("--resume", is_flag=True, help="Go on with the rollout that was interrupted.")
@click.option("--discard", is_flag=True, help="Forget the one that was interrupted.")
def rollout(
    *,
    service: str,
    to: int | None,
    step: int,
    interval: float,
    patience: float,
    look: float,
    requests: int,
    errors: float,
    failed_events: float,
    slower: float,
    resume: bool,
    discard: bool,
) -> None:
    """Move the requests step by step to one version, and back at once where it is worse.

    They are those to SERVICE, which may be left out where only one has two versions.

    Ends with 0 when all is moved, 3 when the new version was worse and all was rolled back, 4 when
    there was too little to judge, 130 when interrupted; after the last two `--resume` goes on.
    """
    settings, names = kept_settings(os.environ), split_names(service)
    with only_one(settings.state):
        running = find(settings)
        if resume:
            record = _resumed(settings, running, names)
        else:
            pace = (step, interval, patience, look)
            record = _begun(settings, running, names, to, pace, discard=discard)
        limits = Limits(
            errors=errors / 100,
            failed_events=failed_events / 100,
            factor=slower,
            requests=requests,
        )
        sys.exit(_roll_out(settings, running, record, limits))


def _begun(
    settings: GatewaySettings,
    running: RunningGateway,
    names: SplitNames,
    to: int | None,
    pace: tuple[int, float, float, float],
    *,
    discard: bool,
) -> Record:
    """A new rollout from where P is now; GatewayError where another is unfinished."""
    if to is None:
        raise click.UsageError("--to is missing (or --resume)")
    kept = Record.read(record_path(settings, names))
    if kept is not None and not kept.finished and not discard:
        raise GatewayError(
            f"a rollout from {kept.plan.start} to {kept.plan.to} stands at {kept.p}: "
            "--resume goes on with it, --discard forgets it"
        )
    p = running.share(names.name)
    return Record(Plan(p, to, *pace, names.name), p)


def _resumed(settings: GatewaySettings, running: RunningGateway, names: SplitNames) -> Record:
    """The unfinished rollout; GatewayError where there is none, or P was moved since."""
    record = Record.read(record_path(settings, names))
    if record is None or record.finished:
        raise GatewayError("there is no unfinished rollout")
    record.plan = replace(record.plan, service=names.name)  # 1.0.0 did not say whose it is
    p = running.share(names.name)
    if p not in (record.p, record.came_from):
        raise GatewayError(
            f"the rollout stands at {record.p}, but {names.first} gets {p} %: set the "
            f"weight to {record.p}, or --discard the rollout"
        )
    return record


def _roll_out(
    settings: GatewaySettings, running: RunningGateway, record: Record, limits: Limits
) -> int:
    """Run it, with progress, report and the figures that decided; its exit code."""
    for process in (each.process for row in declared() for each in row.event_processes):
        if not settings.targets_of(process):
            click.echo(f"{target_variable(process)} is not set: no look at {process}")
    if (gateways := len(settings.admin_urls)) > 1:
        click.echo(f"{gateways} gateways move; judged by the one whose log is in {settings.state}")
    console, names = Console(highlight=False), split_names(record.plan.service)
    with (
        closing(Sources(settings, names)) as sources,
        _interruptible() as stop,
        display(console) as show,
    ):
        work = Rollout(
            record=record,
            path=record_path(settings, names),
            sources=sources,
            move=lambda p: set_weight(settings, running, p, names.name),
            show=show,
            stop=stop,
            limits=limits,
        )
        outcome = work.run()
    path = write_report(record, settings.state)
    click.echo(f"{outcome.value}: P is {record.p}; the report is {path}")
    for finding in work.findings if outcome is Outcome.ROLLED_BACK else ():
        if finding.verdict is Verdict.WORSE:
            click.echo(
                f"  {finding.name}: {record.plan.old} {finding.old}, {record.plan.new} "
                f"{finding.new}, may be {finding.limit}"
            )
    return _EXIT_CODES[outcome]
