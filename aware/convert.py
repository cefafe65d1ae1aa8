"""`convert`: a Swagger 2.0 file as the spec of an API."""

from pathlib import Path

import click

ROOT = Path(__file__).parent.parent


@click.command()
@click.argument("swagger", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("spec", type=click.Path(path_type=Path))
def convert(swagger: Path, spec: Path) -> None:
    """Write the Swagger 2.0 file SWAGGER as OpenAPI 3.1 to SPEC, and say what is left to do."""
    # Imported here: what they need is installed only where one develops.
    from contract.bindable import load_api  # noqa: PLC0415
    from generate.convert import converted  # noqa: PLC0415
    from generate.node import NodeError  # noqa: PLC0415
    from openapi.errors import InvalidDocumentError  # noqa: PLC0415

    if spec.exists():
        raise click.ClickException(f"{spec} is there already: name a file that is not")
    try:
        spec.write_text(converted(ROOT, swagger), "utf-8")
    except (NodeError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"written    {spec}")
    try:
        load_api(spec)
    except InvalidDocumentError as error:
        raise click.ClickException(f"what a service needs beyond that:\n{error}") from error
