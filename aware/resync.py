"""`resync`: publish contact data anew."""

import click

from aware.running import run
from messaging.resync import resync
from processes.settings import mongo_settings
from storage.client import MongoSettings, connect
from storage.contacts import MongoContactsStore
from storage.outbox import MongoOutbox


@click.command("resync")
@click.option("--user", help="The userId; all users where it is left out.")
def resync_command(user: str | None) -> None:
    """Publish contact data anew, after a disk was lost.

    Needs a login that reaches both databases, as the set-up has. A restore does it by itself.
    """
    count = run(resync_users(mongo_settings(), user))
    click.echo(f"{count} user{'s' if count != 1 else ''} will be published anew")


async def resync_users(settings: MongoSettings, user: str | None = None) -> int:
    """Do it for one user, or all; how many there were."""
    async with connect(settings) as client:
        users = MongoOutbox(client[settings.users]["users"])
        return await resync(users, MongoContactsStore(client[settings.orders]), user)
