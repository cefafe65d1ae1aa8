"""`setup`: make databases and broker what the processes need; any number of times."""

import json
from pathlib import Path

import click

from contract.document import load_document
from messaging.definitions import definitions
from messaging.setup import CONSUMER_LOGIN, RELAY_LOGIN, set_up_broker
from processes.settings import management_port, mongo_settings, password_for, rabbit_settings
from storage.client import connect_blocking
from storage.layout import collections
from storage.replica_set import initiate
from storage.seed import seed
from storage.setup import set_up

SPECS = Path(__file__).parent.parent / "specs"


@click.group()
def setup() -> None:
    """Create and update collections, logins, queues."""


@setup.command()
@click.option(
    "--seed/--no-seed", "with_seed", envvar="SEED", help="Insert 5 users and 15 orders too."
)
@click.option(
    "--initiate",
    "member",
    metavar="HOST:PORT",
    help="Make this one server a replica set first, unless it is one.",
)
def mongodb(*, with_seed: bool, member: str | None) -> None:
    """Collections, validators, indexes and logins, as the specs and the processes ask for."""
    settings = mongo_settings()
    if member is not None:
        initiate(settings, member)
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
    passwords = _rabbitmq_passwords()
    set_up_broker(rabbit_settings(), management_port(), passwords)
    click.echo(f"RabbitMQ: {len(passwords)} logins are ready.")


@setup.command("rabbitmq-definitions")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def rabbitmq_definitions(file: Path) -> None:
    """Write the same logins, and the administrator, for a broker that imports FILE at its start."""
    document = definitions(rabbit_settings(), _rabbitmq_passwords())
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(json.dumps(document, indent=2))
    unfinished.replace(file)
    click.echo(f"RabbitMQ: {len(document['users'])} logins are in {file}.")


def _rabbitmq_passwords() -> dict[str, str]:
    return {login: password_for(login, "RABBITMQ") for login in (RELAY_LOGIN, CONSUMER_LOGIN)}
