"""`sdks`: client packages in Python and TypeScript."""

import os
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
def sdks() -> None:
    """Make all client packages, anew in build/sdks: wheel, source, npm tarball."""
    from generate.node import NodeError  # noqa: PLC0415 - only where one develops
    from generate.sdks import SdkError, make_sdks  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415

    read_sources(ROOT)  # what is not sound is told with its file and line
    try:
        for package in make_sdks(ROOT, ROOT / "build" / "sdks"):
            click.echo(os.path.relpath(package))
    except (SdkError, NodeError) as error:
        raise click.ClickException(str(error)) from error
