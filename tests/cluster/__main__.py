"""`python -m tests.cluster`: what the loss of each server and node costs."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click

from processes.logs import configure_logs
from tests.cluster.losses import run_losses


@click.command()
def main() -> None:
    """Kill each under load, and print what clients saw of it and what came of it."""
    configure_logs("cluster")
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run_losses(Path(folder)))
    click.echo(str(report))
    sys.exit(1 if report.violations else 0)


main()
