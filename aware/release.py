"""`release`: the gate between the specs and their last release."""

from pathlib import Path

import click

from openapi.errors import InvalidDocumentError

ROOT = Path(__file__).parent.parent


@click.command()
@click.option(
    "--check", is_flag=True, help="Change nothing; fail where clients would break unannounced."
)
def release(*, check: bool) -> None:
    """Make the specs the last release, unless their versions do not say what changed."""
    from generate.node import NodeError  # noqa: PLC0415 - only where one develops
    from generate.release import ReleaseError, ReleaseStatus, standings  # noqa: PLC0415
    from generate.release import release as release_all  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415

    def show(each: ReleaseStatus, *, done: bool) -> None:
        words = f"{each.api} {each.version}: "
        if not each.changed:
            click.echo(f"{words}as released")
        elif done:
            click.echo(f"{words}released")
        elif each.released is None:
            click.echo(f"{words}never released")
        else:
            click.echo(f"{words}changed; {len(each.breaks)} breaking since {each.released}")

    read_sources(ROOT)  # what is not sound is told with its file and line
    try:
        if check:
            for each in standings(ROOT):
                show(each, done=False)
                each.require_allowed()
        else:
            for each in release_all(ROOT):
                show(each, done=True)
    except (ReleaseError, NodeError, InvalidDocumentError) as error:
        raise click.ClickException(str(error)) from error
