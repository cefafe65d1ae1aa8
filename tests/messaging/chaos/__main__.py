"""`python -m tests.messaging.chaos`: as many faults as one likes."""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

import click

from tests.messaging.chaos.running import run_chaos


@click.command()
@click.option("--faults", type=int, default=200, show_default=True)
@click.option("--users", type=int, default=20, show_default=True)
@click.option("--seed", type=int, help="Of the faults and the load; any by default.")
def main(faults: int, users: int, seed: int | None) -> None:
    """Kill, cut and slow down everything under load, and print what came of it."""
    chosen = secrets.randbelow(10**9) if seed is None else seed
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run_chaos(Path(folder), faults, users, chosen))
    click.echo(str(report))
    sys.exit(1 if report.violations else 0)


main()
