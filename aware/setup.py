"""`setup`: make databases and broker what the processes need; any number of times."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from pymongo import MongoClient
from pymongo.errors import OperationFailure, WriteError

from aware.passwords import refuse_known_passwords
from aware.progress import progress
from messaging.definitions import definitions
from messaging.setup import set_up_broker
from openapi.reading import load_description
from processes.settings import (
    management_port,
    mongo_settings,
    password_for,
    rabbit_settings,
    with_seed,
)
from services.reading import declared
from settings.environment import SettingError
from storage.client import Json, MongoSettings, connect_blocking
from storage.email_keys import update_email_keys
from storage.entity import Entity
from storage.evolution.loading import load
from storage.layout import Collection, collections
from storage.redaction import redacted
from storage.replica_set import keep_members, members_of
from storage.sample_data import samples
from storage.seed import seed as insert_seed
from storage.setup import set_up
from storage.uniqueness import Uniqueness

_AUTHENTICATION_FAILED = 18
_UNFIT_SEED = (
    "The sample data do not fit the specs any more. Everything else is set up. Next: give what is "
    "required now a default in the spec, or fill it in by a migration, `aware migrate new NAME`; "
    "both fill in the sample data too. Or change storage/sample_data.py"
)


@click.group()
def setup() -> None:
    """Create and update collections, logins, queues."""


@setup.command()
@click.option("--seed", is_flag=True, help="Insert sample data too, as SEED=true does.")
@click.option(
    "--members",
    metavar="HOST:PORT,…",
    help="First make these servers one replica set, or add them to the one that is there.",
)
@click.option("--reduce", is_flag=True, help="Take all others out of that set.")
@click.option("--alone", is_flag=True, help="No process runs; those that left word were killed.")
@click.option(
    "--wait",
    metavar="SECONDS",
    default=0.0,
    help="Give processes of the last version so long to end, so that the old shape can go.",
)
def mongodb(*, seed: bool, members: str | None, reduce: bool, alone: bool, wait: float) -> None:
    """Collections, validators, indexes, logins and migrations, as specs and processes ask for."""
    wanted = () if members is None else members_of(members)
    if reduce and not wanted:
        raise click.UsageError("--reduce needs --members: who stays")
    refuse_known_passwords()
    settings, seed = mongo_settings(), with_seed() or seed
    layout = collections(declared(), settings.database, load())
    logins = sorted({login for each in layout for login in each.access})
    passwords = {login: password_for(login, "MONGO") for login in logins}
    with _wrong_password_explained(settings):
        if wanted:
            for other in sorted(keep_members(settings, wanted, reduce=reduce)):
                click.echo(f"MongoDB: {other} is in the set too: --reduce takes it out.", err=True)
        with connect_blocking(settings, timed=False) as client:
            settled = set_up(
                client, layout, passwords, say=click.echo, progress=progress, alone=alone, wait=wait
            )
            _update_email_keys(client, settings)
            click.echo(f"MongoDB: {len(layout)} collections and {len(logins)} logins are ready.")
            if seed and settled:
                _seed(client, settings, layout)


def _update_email_keys(client: MongoClient[Json], settings: MongoSettings) -> None:
    for service in declared():
        for row in service.collections:
            unique = Uniqueness(row, Entity(load_description(service.spec), row.schema))
            if unique.emails:
                update_email_keys(client[settings.database(service.database)][row.name], unique)


def _seed(client: MongoClient[Json], settings: MongoSettings, layout: Iterable[Collection]) -> None:
    by_name = {each.name: each for each in layout}
    apis = {each.name: load_description(each.spec) for each in declared()}
    found = [*samples(declared(), lambda service: apis[service.name])]
    with progress("seed", sum(len(values) for *_, values in found)) as one_more:
        try:
            made = insert_seed(
                client,
                settings.database,
                found,
                lambda service: apis[service.name],
                one_more,
                stored=lambda name, document: by_name[name].stored(document),
            )
        except WriteError as error:
            raise SettingError(f"{_UNFIT_SEED} ({redacted(error)})") from error
    counts = " and ".join(f"{count} {name}" for name, count in made.items())
    click.echo(f"Seed: {counts or 'nothing'} were missing and are there now.")


@contextmanager
def _wrong_password_explained(settings: MongoSettings) -> Iterator[None]:
    try:
        yield
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
        raise SettingError(
            f"MongoDB: Authentication failed: MONGO_PASSWORD is not the password of "
            f"{settings.username}. A database keeps the one that it was made with."
        ) from error


@setup.command()
def rabbitmq() -> None:
    """The logins of the processes of events, each with the names that it may touch."""
    refuse_known_passwords()
    passwords = _rabbitmq_passwords()
    found = set_up_broker(declared(), rabbit_settings(), management_port(), passwords)
    click.echo(f"RabbitMQ: {len(passwords)} logins are ready.")
    for each in found:
        click.echo(str(each), err=True)


@setup.command("rabbitmq-definitions")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def rabbitmq_definitions(file: Path) -> None:
    """Write the same logins, and the administrator, for a broker that imports FILE at its start."""
    refuse_known_passwords()
    document = definitions(declared(), rabbit_settings(), _rabbitmq_passwords())
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(json.dumps(document, indent=2))
    unfinished.replace(file)
    click.echo(f"RabbitMQ: {len(document['users'])} logins are in {file}.")


def _rabbitmq_passwords() -> dict[str, str]:
    logins = (each.process for service in declared() for each in service.event_processes)
    return {login: password_for(login, "RABBITMQ") for login in logins}
