"""`python -m tests.messaging.simulation`: run many histories, or replay one step by step."""

import secrets
import sys

import click

from tests.messaging.simulation.faulty import FAULTY
from tests.messaging.simulation.running import run_histories, silence
from tests.messaging.simulation.world import Parts, Shared, run_history


@click.command()
@click.option("--seed", type=int, help="Replay the history of this seed.")
@click.option("--histories", type=int, default=100_000, show_default=True)
@click.option("--first", type=int, help="The first seed; by default any.")
@click.option("--without", type=click.Choice(list(FAULTY)), help="Remove this guard.")
def main(seed: int | None, histories: int, first: int | None, without: str | None) -> None:
    """Hold histories to what the sync guarantees."""
    parts = FAULTY[without] if without else Parts()
    if seed is None:
        begin = secrets.randbelow(10**9) if first is None else first
        click.echo(f"seeds from {begin} on")
        summary = run_histories(begin, histories, parts)
        click.echo(str(summary))
        sys.exit(1 if summary.broken else 0)
    silence()
    trace: list[str] = []
    verdict = run_history(seed, parts, Shared(), trace)
    click.echo("\n".join((*trace, *(verdict.violations or ("every guarantee was kept",)))))
    sys.exit(1 if verdict.violations else 0)


main()
