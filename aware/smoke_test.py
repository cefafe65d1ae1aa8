"""`remove-smoke-test`: what the smoke test after a deployment leaves behind."""

import click

from aware.running import in_one_line
from processes.settings import mongo_settings
from processes.stored import every_collection
from storage import smoke_test
from storage.client import connect_blocking


@click.command("remove-smoke-test")
@click.option("--user", required=True, help="The userId that was answered.")
@click.option("--order", help="The orderId that was answered.")
@click.option("--email", "emails", multiple=True, required=True, help="An address of the user's.")
def remove_command(user: str, order: str | None, emails: tuple[str, ...]) -> None:
    """Remove a user who has the given address, its order, and nothing else.

    The login `smoke-test` may do it.
    """
    settings = mongo_settings()
    with in_one_line(), connect_blocking(settings) as client:
        layout = every_collection(settings)
        found = smoke_test.remove(client, layout, user, order, emails)
    if not found:
        raise click.ClickException(f"no user {user} has the address of the smoke test")
