"""`docs`: the documentation as a site."""

from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
@click.option("--check", is_flag=True, help="Only fail where a written page is stale.")
def docs(*, check: bool) -> None:
    """Write the pages that follow from the code, and build the site with the API pages in it.

    API_SERVERS are the addresses that the API pages name, REPOSITORY_URL is where the repository
    is browsed.
    """
    # Imported here: what they need is installed only where one develops.
    from documentation.decisions import DecisionError  # noqa: PLC0415
    from documentation.settings_reference import UndocumentedSettingError  # noqa: PLC0415
    from documentation.site import SiteError, build_site, stale_pages, written_pages  # noqa: PLC0415
    from documentation.site_settings import SiteSettings  # noqa: PLC0415
    from generate.node import NodeError  # noqa: PLC0415

    try:
        stale = stale_pages(ROOT)
        if check and stale:
            names = ", ".join(map(str, stale))
            raise click.ClickException(f"{names}: stale; `make docs` writes them")
        if check:
            return
        pages = written_pages(ROOT)
        for path in stale:
            (ROOT / path).write_text(pages[path], "utf-8")
            click.echo(f"written    {path}")
        folder = build_site(ROOT, SiteSettings.from_environment())
        click.echo(f"written    {folder}")
    except (DecisionError, NodeError, SiteError, UndocumentedSettingError) as error:
        raise click.ClickException(str(error)) from error
