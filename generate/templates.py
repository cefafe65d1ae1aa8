"""Texts that are made from the rows by a template of this folder."""

from pathlib import Path

import jinja2


def filled(template: str, **values: object) -> str:
    """A template of this folder, or of the repository; its last line ends, and none follows."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([Path(__file__).parent, Path(__file__).parents[1]]),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - this is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return f"{environment.get_template(template).render(**values).rstrip()}\n"
