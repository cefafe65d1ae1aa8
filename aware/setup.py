"""`setup`: make databases and broker what the processes need; any number of times."""

from pathlib import Path

import click

from contract.document import load_document
from processes.settings import mongo_settings, password_for
from storage.client import connect_blocking
from storage.layout import collections
from storage.seed import seed
from storage.setup import set_up

SPECS = Path(__file__).parent.parent / "specs"


@click.group()
def setup() -> None:
    """Create and update collections, logins, queues."""


@setup.command()
@click.option("--seed", "with_seed", is_flag=True, help="Insert 5 users and 15 orders too.")
def mongodb(*, with_seed: bool) -> None:
    """Collections, validators, indexes and logins, as the specs and the processes ask for."""
    settings = mongo_settings()
    layout = collections(SPECS, settings.users, settings.orders)
    logins = sorted({login for each in layout for login in each.access})
    with connect_blocking(settings) as client:
        set_up(client, layout, {login: password_for(login, "MONGO") for login in logins})
        click.echo(f"MongoDB: {len(layout)} collections and {len(logins)} logins are ready.")
        if with_seed:
            document = load_document(SPECS / "order.yaml")
            users, orders = seed(client, settings.users, settings.orders, document)
            click.echo(f"Seed: {users} users and {orders} orders were missing and are there now.")
