"""`changelog`: what a release says, and the cut of a new one."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from documentation.changelog import ChangelogError, cut, notes

FILE = Path(__file__).parent.parent / "CHANGELOG.md"


@click.group()
def changelog() -> None:
    """Read CHANGELOG.md, and make a version of what is unreleased."""


@changelog.command("notes")
@click.argument("version")
def notes_command(version: str) -> None:
    """Print what the changelog says about VERSION."""
    try:
        sys.stdout.write(notes(FILE.read_text("utf-8"), version))
    except ChangelogError as error:
        raise click.ClickException(str(error)) from error


@changelog.command("cut")
@click.argument("version")
def cut_command(version: str) -> None:
    """Make VERSION, of today, of what is unreleased."""
    try:
        FILE.write_text(cut(FILE.read_text("utf-8"), version, datetime.now(UTC).date()), "utf-8")
    except ChangelogError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"CHANGELOG.md: {version}")
