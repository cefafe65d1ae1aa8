"""`migrate`: write a migration, and see how far they are."""

import os
import re
from collections.abc import Iterator

import click
from pymongo import MongoClient

from local.commands import state_folder
from local.environments import SET_UP_OF_MONGODB
from local.errors import NotRunningError
from local.stack import Stack
from processes.settings import mongo_settings
from processes.stored import every_collection
from storage.client import Json, MongoSettings, connect_blocking
from storage.contradictions import Misfits
from storage.evolution.layers import Phase
from storage.evolution.loading import FOLDER, NAME, load
from storage.evolution.plan import plan
from storage.evolution.records import Records
from storage.evolution.stub import stub
from storage.evolution.transition import Transition
from storage.layout import Collection


@click.group()
def migrate() -> None:
    """Change what is stored: docs/migrations.md."""


@migrate.command()
@click.argument("name")
@click.option("--collection", help="Of which; by default the one whose documents are in the way.")
def new(name: str, collection: str | None) -> None:
    """Write the next file in migrations/, for the documents that do not fit the specs now.

    They are counted, ten are named, and why they do not fit; nothing of what they hold is written.
    """
    steps = load()
    number = int(steps[-1].name[:4]) + 1 if steps else 1
    file = FOLDER / f"{number:04}_{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}.py"
    if not NAME.fullmatch(file.stem):
        raise click.BadParameter(f"{name} is not like rename_status", param_hint="NAME")
    settings = _settings()
    with connect_blocking(settings, timed=False) as client:
        layout = every_collection(settings, steps)
        found = dict(_misfits(client, layout))
    if collection is None and not found:
        raise click.ClickException(
            "every document fits the specs. To change what is stored all the same, name the "
            f"collection: --collection {layout[0].name}"
        )
    chosen = collection or next(iter(found))
    if chosen not in {each.name for each in layout}:
        known = ", ".join(each.name for each in layout)
        raise click.BadParameter(f"it is one of {known}", param_hint="--collection")
    file.write_text(stub(chosen, found.get(chosen)), "utf-8")
    click.echo(f"written    {file.relative_to(FOLDER.parent)}")
    for line in found[chosen].lines() if chosen in found else ():
        click.echo(line)
    for other in sorted({*found} - {chosen}):
        click.echo(f"{other} has some too: `aware migrate new NAME --collection {other}`")


@migrate.command()
def status() -> None:
    """How far each migration is in the database, and which processes use it."""
    settings, steps = _settings(), load()
    layout = every_collection(settings, steps)
    with connect_blocking(settings) as client:
        for database in dict.fromkeys(each.database for each in layout):
            records = Records(client[database])
            phases = records.phases()
            names = {s.name for each in layout if each.database == database for s in each.steps}
            for each in sorted({*names, *phases}):
                phase = phases.get(each)
                click.echo(f"{database}: {each}: {'pending' if phase is None else _WORDS[phase]}")
            for running in records.running():
                click.echo(f"{database}: {running.name} runs")


_WORDS = {
    Phase.EXPANDED: "begun; waits for processes of the last version to end",
    Phase.SWITCHING: "under way",
    Phase.DONE: "done",
}


def _misfits(client: MongoClient[Json], layout: list[Collection]) -> Iterator[tuple[str, Misfits]]:
    transition = Transition(client, layout)
    for each in layout:
        documents = client[each.database][each.name]
        _, misfits = plan(documents, each.schema, transition.pending(each), each.complete)
        if misfits.count:
            yield each.name, misfits


def _settings() -> MongoSettings:
    """MongoDB by the environment; where that names none, the one that runs on this machine."""
    if "MONGO_URI" not in os.environ:
        try:
            env = Stack.running(state_folder()).environment(SET_UP_OF_MONGODB)
        except NotRunningError as error:
            raise click.ClickException(
                "MongoDB does not run, so no document can be looked at: `make start`, which leaves "
                "it running when the set-up fails"
            ) from error
        os.environ |= env
    return mongo_settings()
