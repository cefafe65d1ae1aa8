"""`generate`: bring everything that is made from the specs up to date; `check`: is it?"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from generate.writing import Outcome

ROOT = Path(__file__).parent.parent


@click.command()
def generate() -> None:
    """Write what follows from the specs, and say what changed."""
    # Imported here: what they need is installed only where one develops.
    from generate.artefacts import ARTEFACTS  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415
    from generate.writing import compare, orphans, write  # noqa: PLC0415

    sources = read_sources(ROOT)
    outcomes = compare(sources, ARTEFACTS)
    write(ROOT, outcomes)
    _report(outcomes)
    for orphan in orphans(sources, ARTEFACTS):
        click.echo(f"orphan     {orphan}")
    for renamed in sources.renamed():
        click.echo(f"renamed    {renamed}")


@click.command()
def check() -> None:
    """Fail where what is made from the specs is stale, or a gate is not passed; change nothing."""
    from generate.gates import GATES  # noqa: PLC0415
    from generate.node import NodeError  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415

    sources, failed = read_sources(ROOT), 0
    for note in sources.notes():
        click.echo(f"note    {note}")
    for gate in GATES:
        try:
            complaints = list(gate.complaints(sources))
        except NodeError as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{'FAILED' if complaints else 'ok':6}  {gate.name}")
        for complaint in complaints:
            click.echo(complaint)
        failed += bool(complaints)
    if failed:
        raise click.ClickException(f"{failed} of {len(GATES)} gates failed")


@click.command()
def pages() -> None:
    """Build the pages of all APIs and of the events, to be published.

    API_SERVERS are the addresses that they name.
    """
    from documentation.site_settings import SiteSettings  # noqa: PLC0415
    from generate.node import NodeError  # noqa: PLC0415
    from generate.pages import build_pages  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415

    try:
        settings = SiteSettings.from_environment()
        for page in build_pages(read_sources(ROOT), settings.servers):
            click.echo(f"written    {page}")
    except NodeError as error:
        raise click.ClickException(str(error)) from error


def _report(outcomes: Iterable["Outcome"]) -> None:
    from generate.writing import State  # noqa: PLC0415

    outcomes = list(outcomes)
    for each in outcomes:
        if each.state is not State.CURRENT:
            click.echo(f"{each.state.value:10} {each.path}")
    unchanged = sum(each.state is State.CURRENT for each in outcomes)
    click.echo(f"unchanged  {unchanged} of {len(outcomes)} files")
