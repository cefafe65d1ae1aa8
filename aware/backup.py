"""`backup` and `restore`: both databases at one moment into a file, and back."""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import click
from pymongo import MongoClient

from aware.resync import resync_all
from aware.running import bar, in_one_line, run
from messaging.nodes import connection_parameters
from messaging.purge import purge, waiting
from messaging.topology import Topology, queue_of
from openapi.reading import load_description
from processes.settings import mongo_settings, rabbit_settings
from services.reading import declared
from settings.environment import Environment, SettingError
from storage.backup.encryption import ENCRYPTED, EncryptionError, Recipients, recipients_of
from storage.backup.manifest import BackupError, Collections, Manifest
from storage.backup.restoring import (
    BackupFile,
    check_backup,
    open_backup,
    require_empty,
    restore_backup,
)
from storage.backup.writing import write_backup
from storage.client import Json, MongoSettings, connect_blocking
from storage.divisions import DIVISIONS
from storage.evolution.records import MIGRATIONS
from storage.evolution.transition import Transition
from storage.layout import collections, records
from storage.queue_part_counts import MOST, PARTS

_OF_PROCESSES = (DIVISIONS, PARTS)
"""What processes agree on while they run: of no use to others, and not empty where some run."""


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    """Write all databases, as they are at this moment, to FILE, which must not be there yet.

    Everything goes on meanwhile. The login `backup-reader` may do it. With BACKUP_RECIPIENTS it is
    encrypted, and the name of FILE ends with `.age`.
    """
    settings, recipients = mongo_settings(), _recipients()
    versions = {each.api: load_description(each.spec).api_version for each in declared()}
    with in_one_line(), connect_blocking(settings, timed=False) as client:
        if bool(recipients) != (file.suffix == ENCRYPTED):
            is_set = "set" if recipients else "not set"
            verb = "must end" if recipients else "must not end"
            raise BackupError(f"{file} {verb} with {ENCRYPTED}: BACKUP_RECIPIENTS is {is_set}")
        found = collections_of(client, settings)
        about = sum(each.estimated_document_count() for each in found.values())
        with bar("Writing", about) as step:
            manifest = write_backup(file, client, found, versions, step, recipients=recipients)
    click.echo(f"{file}: {_counts(manifest)}, {file.stat().st_size / 1e6:.1f} MB")


def _recipients() -> Recipients:
    """Who can read it.

    BACKUP_RECIPIENTS: public keys of age or ssh, with commas; without any it is not encrypted

    Raises:
        SettingError: One of them is none.
    """
    try:
        return recipients_of(Environment().text("BACKUP_RECIPIENTS", ""))
    except EncryptionError as error:
        raise SettingError(f"BACKUP_RECIPIENTS: {error}") from error


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Delete what the databases hold first.")
@click.option(
    *("--identity", "identities"),
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key that opens an encrypted FILE, as `age-keygen` or `ssh-keygen` writes it.",
)
def restore_command(file: Path, *, replace: bool, identities: Path | None) -> None:
    """Bring all databases back to what FILE holds, and followers into step with what they follow.

    Needs the highest logins of both systems, as the set-up has. Let no client write meanwhile.
    """
    settings, rabbit = mongo_settings(), rabbit_settings()
    parameters = connection_parameters(rabbit, "restore")
    with (
        in_one_line(),
        open_backup(file, identities) as backup,
        connect_blocking(settings, timed=False) as client,
    ):
        topologies = [*_topologies(client, settings, rabbit.queue)]
        found = collections_of(client, settings)
        letters = sum(waiting(parameters, each.dead) for each in topologies)
        manifest = _restore(backup, found, replace=replace)
        _bring_over(client, settings)
        click.echo(f"Restored: {_counts(manifest)}.")
        # What they hold was published by the databases that are no more. Dead letters stay: they
        # are evidence, and replaying them can no longer change anything.
        queues = [queue for each in topologies for queue in (*each.parts, *each.retries)]
        dropped = sum(purge(parameters, queues).values())
    click.echo(f"Dropped: {dropped:,} events that were under way. Kept: {letters:,} dead letters.")
    count = run(resync_all(settings))
    click.echo(f"Resync: {count:,} documents will be published anew.")


def _topologies(
    client: MongoClient[Json], settings: MongoSettings, queue: str
) -> Iterator[Topology]:
    """Of each subscriber, with all parts that its queue has had."""
    for service in declared():
        if service.follows is not None:
            name = queue_of(service.follows, queue)
            known = client[settings.database(service.database)][PARTS].find_one({"_id": name})
            yield Topology(name, known=1 if known is None else int(known[MOST]))


def _restore(backup: BackupFile, found: Collections, *, replace: bool) -> Manifest:
    manifest = check_backup(backup, found)
    if not replace:
        require_empty(found)
    with bar("Restoring", manifest.documents) as step:
        restore_backup(backup, found, replace=replace, step=step)
    return manifest


def _bring_over(client: MongoClient[Json], settings: MongoSettings) -> None:
    """Bring what storage keeps for itself to where it is today, in a backup of before."""
    layout = collections(declared(), settings.database)
    transition = Transition(client, layout)
    for each in layout:
        transition.contract(each, lambda _: None, attrgetter("needs_quiet"))


def collections_of(client: MongoClient[Json], settings: MongoSettings) -> Collections:
    """Those of the layout, by their names in a backup, which are the same for any DATABASE_NAME."""
    names = {settings.database(each.database): each.database for each in declared()}
    layout = collections(declared(), settings.database)
    data = (each for each in layout if each.name not in _OF_PROCESSES)
    kept = [*data, *(each for each in records(layout) if each.name == MIGRATIONS)]
    return {
        f"{names[each.database]}/{each.name}.bson": client[each.database][each.name]
        for each in kept
    }


def _counts(manifest: Manifest) -> str:
    counts = ", ".join(
        f"{part.documents:,} {Path(name).stem}"
        for name, part in manifest.parts.items()
        if Path(name).stem != MIGRATIONS
    )
    return f"{counts} as of {manifest.moment:%Y-%m-%d %H:%M:%S} UTC"
