"""`service`: one more service, or one fewer."""

from pathlib import Path
from typing import Any

import click

from openapi.errors import InvalidDocumentError
from services.declaration import Service
from services.reading import FILE, read
from services.rows import RowError, without_row

ROOT = Path(__file__).parent.parent


@click.group()
def service() -> None:
    """Add a service to the system, or take one out: its row in services.yaml."""


@service.command()
def specs() -> None:
    """Name the spec of each service, for tools that read specs."""
    for each in read(ROOT):
        click.echo(each.spec.relative_to(ROOT).as_posix())


@service.command()
@click.argument("name")
@click.option("--spec", required=True, help="Its file in specs/; begun where it has no paths.")
@click.option("--schema", "schemas", multiple=True, help="What it stores; else all with ids.")
@click.option("--key", "keys", multiple=True, help="The property with the id, for each schema.")
@click.option("--stores-nothing", is_flag=True, help="It has no database.")
@click.option("--clients", default="", help="What its client packages are called, if any.")
@click.option("--enforced-by", "enforcer", default="", help="Of security that the gateway leaves.")
@click.option("--no-house-rules", is_flag=True, help="Its spec need not keep specs/redocly.yaml.")
def new(name: str, spec: str, **said: Any) -> None:  # noqa: ANN401 - what the options say
    """Add the service NAME: its row, models, and a handler for each operation.

    Without the file a spec to start from is written: one resource with five operations; where the
    file has no paths, they are added to it. The handlers of plain operations on what is stored are
    written, those of others are stubs.
    """
    # Imported here: what they need is installed only where one develops.
    from generate.declaring import Wish, declare  # noqa: PLC0415
    from generate.gates import routes  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415
    from generate.starter import has_paths  # noqa: PLC0415
    from generate.writing import State  # noqa: PLC0415

    wish = Wish(name, spec, house_rules=not said.pop("no_house_rules"), **said)
    try:
        begun = not has_paths(ROOT / spec)
        outcomes = declare(ROOT, wish)
    except RowError as error:
        raise click.ClickException(str(error)) from error
    for path in (FILE, *[spec] * begun):
        click.echo(f"written    {path}")
    for each in outcomes:
        if each.state is not State.CURRENT:
            click.echo(f"{each.state.value:10} {each.path}")
    for line in routes(read_sources(ROOT)):
        click.echo(line)
    click.echo("next       `make check` says what is still to be written; then `make start`")


@service.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take out the row of the service NAME, and say what of it is left."""
    services, rows = read(ROOT).by_name, ROOT / FILE
    before = rows.read_text("utf-8")
    try:
        rows.write_text(without_row(ROOT, name), "utf-8")
        read(ROOT)
    except (RowError, InvalidDocumentError) as error:
        rows.write_text(before, "utf-8")
        raise click.ClickException(str(error)) from error
    click.echo(f"written    {FILE}")
    for line in _left(services[name]):
        click.echo(f"left       {line}")
    click.echo("next       remove what nothing else uses, then `make generate` and `make check`")


def _left(gone: Service) -> list[str]:
    from generate.release import released_file  # noqa: PLC0415

    files = [
        *(each for version in gone.versions for each in version.overlays),
        *(gone.spec, released_file(ROOT, gone.api), ROOT / gone.handlers_file),
    ]
    if gone.composition:
        files.append(ROOT / f"{gone.composition.replace('.', '/')}.py")
    left = [each.relative_to(ROOT).as_posix() for each in files if each.is_file()]
    left.append(f"routes of {gone.name} in kong/kong.yml.template")
    if gone.database:
        left.append(f"the database {gone.database} of each system that ran it, and its backups")
    return left
