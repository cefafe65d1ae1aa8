"""`setup`: make databases and broker what the processes need; any number of times."""

from pathlib import Path

import click

from contract.document import load_document
from messaging.setup import CONSUMER_LOGIN, RELAY_LOGIN, set_up_broker
from processes.settings import management_port, mongo_settings, password_for, rabbit_settings
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


@setup.command()
def rabbitmq() -> None:
    """The logins of relay and consumer, each with the names that it may touch."""
    logins = (RELAY_LOGIN, CONSUMER_LOGIN)
    passwords = {login: password_for(login, "RABBITMQ") for login in logins}
    set_up_broker(rabbit_settings(), management_port(), passwords)
    click.echo(f"RabbitMQ: {len(logins)} logins are ready.")
