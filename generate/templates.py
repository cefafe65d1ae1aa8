"""Texts that are made from the rows by a template of this folder."""

from pathlib import Path

import jinja2


def filled(template: str, **values: object) -> str:
    """A template with these values; its last line ends, and none follows that is empty."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - this is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return f"{environment.get_template(template).render(**values).rstrip()}\n"
