"""`publish`: the APIs that have clients to SwaggerHub."""

import os
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would go.")
@click.option(
    "--visibility",
    type=click.Choice(["private", "public"]),
    default="private",
    show_default=True,
    help="Who sees a version that is new there.",
)
def publish(*, dry_run: bool, visibility: str) -> None:
    """Push each API with clients to SwaggerHub under its version, published and as the default.

    SWAGGERHUB_OWNER and SWAGGERHUB_API_KEY say whose and with which key; SWAGGERHUB_URL says where,
    if not at SwaggerHub itself.
    """
    from generate.node import NodeError  # noqa: PLC0415 - only where one develops
    from generate.release import ReleaseError, standings  # noqa: PLC0415
    from generate.sources import read_sources  # noqa: PLC0415
    from swaggerhub.command_line import CommandLine  # noqa: PLC0415
    from swaggerhub.publishing import Plan, carry_out, plan, write_document  # noqa: PLC0415
    from swaggerhub.registry import Registry  # noqa: PLC0415
    from swaggerhub.settings import SwaggerHubError, settings  # noqa: PLC0415

    folder = ROOT / "build" / "swaggerhub"

    def tell(each: Plan) -> None:
        click.echo(each.told(done=True))

    read_sources(ROOT)  # what is not sound is told with its file and line
    try:
        given = settings(os.environ, ROOT)
        for standing in standings(ROOT):
            standing.require_allowed()
        with Registry(given) as registry:
            plans = plan(ROOT, registry)
        folder.mkdir(parents=True, exist_ok=True)
        if dry_run:
            for each in plans:
                click.echo(
                    f"{each.told(done=False)} ({os.path.relpath(write_document(each, folder))})"
                )
        else:
            carry_out(plans, CommandLine(ROOT, given), folder, visibility, tell)
    except (SwaggerHubError, NodeError, ReleaseError) as error:
        raise click.ClickException(str(error)) from error
