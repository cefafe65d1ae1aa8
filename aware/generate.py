"""`generate`: bring everything that is made from the specs up to date."""

from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where something is stale.")
def generate(*, check: bool) -> None:
    """Write what follows from the specs, and say which files changed."""
    from generate.models import generate_models  # noqa: PLC0415 - only where one develops

    changed = generate_models(ROOT, write=not check)
    for file in changed:
        click.echo(f"{'stale' if check else 'changed'}: {file.relative_to(ROOT)}")
    if not changed:
        click.echo("Everything is up to date.")
    elif check:
        raise click.ClickException("run `make generate` and commit what it changes")
