"""The command that starts the system for those who edit it."""

import click

from development.following import Development
from local.commands import configured, reporting, run


@click.command()
@reporting
def dev() -> None:
    """Start the system, and restart what is being edited when it is saved; stop it on Ctrl-C."""
    hint = "What you save is served at once. Ctrl-C stops everything."
    run(configured(), lambda system: Development(system).follow, hint)
