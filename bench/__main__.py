"""`python -m bench`: the services under load, beside the bare floor."""

import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import click

from bench import report
from bench.load import LoadError, require_wrk
from bench.measure import measure
from local.errors import LocalError
from processes.logs import configure_logs

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=4, show_default=True, help="Per load.")
@click.option(
    "--connections",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="Requests that are under way at a time.",
)
@click.option("--profile", is_flag=True, help="Only say which part of the contract takes how long.")
def bench(rounds: int, seconds: int, connections: int, *, profile: bool) -> None:
    """Load the services and the bare floor in turn, and compare.

    One worker each, on a MongoDB of their own. Ends with status 1 where a request failed.
    """
    if profile:
        _profile()
        return
    for each in _ENDING:
        signal.signal(each, _end)
    try:
        require_wrk()
        with tempfile.TemporaryDirectory(prefix="aware-bench-") as folder:
            measured = measure(
                Path(folder),
                rounds=rounds,
                seconds=seconds,
                connections=connections,
                progress=lambda text: click.echo(text, err=True),
            )
    except (LocalError, LoadError) as error:
        raise click.ClickException(str(error)) from error
    tables = (
        report.speed(measured.rounds),
        report.headers(measured.rounds),
        report.tracing(measured.rounds),
        report.memory(measured.memory),
    )
    click.echo("".join(f"\n{each}\n" for each in tables))
    if any(report.failed(each) for each in measured.rounds.values()):
        raise click.ClickException("Requests failed: these figures say nothing.")


def _profile() -> None:
    configure_logs("bench")
    # Only now: connexion brings a warning along, which the line above has silenced.
    from bench.parts import parts  # noqa: PLC0415

    click.echo(parts())


def _end(_number: int, _frame: FrameType | None) -> None:
    # The stopping that begins here is not to be cut off by an impatient second signal.
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(1)


if __name__ == "__main__":
    bench(prog_name="bench")
