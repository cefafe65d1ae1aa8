"""Changes to a document, named as a person would say them."""

from collections.abc import Callable
from typing import Any

from openapi.bundle import Document

Edit = Callable[[Document], object]

SCHEMAS = ("components", "schemas")


def at(document: Document, *path: str | int) -> Any:  # noqa: ANN401 - JSON is anything
    """What stands there."""
    place: Any = document
    for part in path:
        place = place[part]
    return place


def put(*path: str | int, value: object) -> Edit:
    """Write `value` there, in place of what is there, if anything is."""

    def edit(document: Document) -> None:
        at(document, *path[:-1])[path[-1]] = value

    return edit


def drop(*path: str | int) -> Edit:
    """Take out what is there."""

    def edit(document: Document) -> None:
        del at(document, *path[:-1])[path[-1]]

    return edit


def append(value: object, *path: str | int) -> Edit:
    """Add to the list that is there."""
    return lambda document: at(document, *path).append(value)


def remove(value: object, *path: str | int) -> Edit:
    """Take an element out of the list that is there."""
    return lambda document: at(document, *path).remove(value)


def move(source: str, target: str, *path: str | int) -> Edit:
    """Give what is there another name, at the end."""

    def edit(document: Document) -> None:
        place = at(document, *path)
        place[target] = place.pop(source)

    return edit


def turn(*path: str | int) -> Edit:
    """Reverse the order of what is there, be it a list or names with their values."""

    def edit(document: Document) -> None:
        *parents, last = path
        value = at(document, *path)
        turned = dict(reversed(value.items())) if isinstance(value, dict) else list(reversed(value))
        at(document, *parents)[last] = turned

    return edit


def both(*edits: Edit) -> Edit:
    """One after the other."""

    def edit(document: Document) -> None:
        for each in edits:
            each(document)

    return edit
