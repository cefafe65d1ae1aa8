"""OpenAPI Overlay 1.0: changes to a document, kept in a file of their own."""

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from openapi.bundle import Bundle
from openapi.files import SpecFile
from openapi.pointers import pointer_of

if TYPE_CHECKING:
    from jsonpath import JSONPathMatch


def apply_overlay(overlay: SpecFile, bundle: Bundle) -> None:
    """Merge each action's update into what its target finds.

    Raises:
        InvalidDocumentError: A target finds nothing, or the file is no overlay.
    """
    value = overlay.value
    actions = value.get("actions") if isinstance(value, dict) else None
    if not isinstance(actions, list):
        raise overlay.error(1, "is no OpenAPI Overlay: it has no list of `actions`")
    for number, action in enumerate(actions):
        here = f"/actions/{number}"
        if not isinstance(action, dict) or {*action} - {"description"} != {"target", "update"}:
            line = overlay.line(here)
            raise overlay.error(line, "an action has `target` and `update`, and nothing else")
        matches = _matches(overlay, action["target"], f"{here}/target", bundle)
        for match in matches:
            pointer = pointer_of(*match.parts)
            for changed in _merge(match.obj, action["update"], ""):
                bundle.origins[pointer + changed] = (overlay, f"{here}/update{changed}")


def _matches(overlay: SpecFile, target: str, here: str, bundle: Bundle) -> "list[JSONPathMatch]":
    # Imported here: it costs a worker 2.5 MB, which one without an overlay need not pay.
    from jsonpath import JSONPathError, finditer  # noqa: PLC0415

    try:
        matches = [*finditer(target, bundle.document)]
    except JSONPathError as error:
        raise overlay.error(overlay.line(here), f"{target} is no JSONPath: {error}") from error
    if not matches:
        raise overlay.error(overlay.line(here), f"{target} finds nothing")
    return matches


def _merge(target: Any, update: dict[str, Any], here: str) -> Iterator[str]:  # noqa: ANN401
    """Merge; gives the pointers, from the target on, of what is new."""
    for key, value in update.items():
        below = here + pointer_of(key)
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            yield from _merge(target[key], value, below)
        elif isinstance(value, list) and isinstance(target.get(key), list):
            target[key] = [*target[key], *deepcopy(value)]
            yield below
        else:
            target[key] = deepcopy(value)
            yield below
