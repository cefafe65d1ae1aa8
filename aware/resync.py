"""`resync`: publish contact data anew."""

import click

from aware.running import bar, run
from messaging.events import SPEC
from messaging.resync import resync
from openapi.reading import load_description
from processes.settings import mongo_settings
from processes.stored import ORDERS, USERS, stored
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
    """Do it for one user, or all; how many there were. Shows how far it is."""
    users, orders = (load_description(SPEC.with_name(f"{api}.yaml")) for api in ("user", "order"))
    async with connect(settings) as client:
        kept = stored(client, settings, USERS, "resync"), stored(client, settings, ORDERS, "resync")
        collection = kept[0].database["users"]
        store = MongoContactsStore(kept[1].database, orders, load_description(SPEC))
        async with kept[0].presence.kept(), kept[1].presence.kept():
            with bar("Resync", await collection.estimated_document_count()) as step:
                return await resync(MongoOutbox(collection, users), store, user, step)
