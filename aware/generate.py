"""`generate`: bring everything that is made from the specs up to date."""

from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
def generate() -> None:
    """Write what follows from the specs, and say which files changed."""
    from generate.models import generate_models  # noqa: PLC0415 - only where one develops

    changed = generate_models(ROOT)
    for file in changed:
        click.echo(f"changed {file.relative_to(ROOT)}")
    if not changed:
        click.echo("Everything is up to date.")
