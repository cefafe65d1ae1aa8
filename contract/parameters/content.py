"""Parameters with `content`: a value in a media type, and not in a style."""

import re
from collections.abc import Callable
from typing import Any

from contract.bodies.field_values import parse_json
from contract.parameters.styles import Misfit

_JSON = re.compile(r"application/json|[^/]+/[^/]+\+json", re.IGNORECASE)


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON, or made of it."""
    return _JSON.fullmatch(media_type.partition(";")[0].strip()) is not None


def is_text(media_type: str) -> bool:
    """Whether it is text, which is read as it stands."""
    return media_type.lower().startswith("text/")


def reader(media_type: str, value: Callable[[str], Any]) -> Callable[[str], Any]:
    """What makes a value of a decoded text; `value` is how a text becomes one by its schema."""
    return parsed if is_json(media_type) else value


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON is anything
    """The value of a text in JSON.

    Raises:
        Misfit: It is none.
    """
    try:
        return parse_json(text.encode())
    except ValueError as error:
        raise Misfit(f"is not JSON: {error}") from error
