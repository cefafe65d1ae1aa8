"""A part of a large instance, small enough to list everything that is wrong with it."""

from collections import deque
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

_LETTERS = 20
"""A text counts as one value more for every so many letters."""

_WHATEVER_ELSE = (
    ValidationErrorKind.AdditionalProperties,
    ValidationErrorKind.Custom,
    ValidationErrorKind.MaxItems,
    ValidationErrorKind.MaxProperties,
    ValidationErrorKind.Type,
    ValidationErrorKind.UniqueItems,
)
"""What is wrong with an array or an object whatever else is in it."""

_WHATEVER_BELOW = (
    ValidationErrorKind.MinItems,
    ValidationErrorKind.MinProperties,
    ValidationErrorKind.Required,
)
"""What is wrong with one that is there as a whole, whatever is in its elements."""

_Path = tuple[str | int, ...]


class Excerpt:
    """The first values of an instance, from the outermost inwards; all, where there are few.

    Attributes:
        value: A copy of what was taken.
        size: How many values that is.
    """

    def __init__(self, instance: Any, most: int, most_of_each: int) -> None:  # noqa: ANN401 - JSON
        """Take about `most` values of `instance`; if it has more, not all of one container."""
        self._take(instance, most, most)
        if self._cut:
            self._take(instance, most, most_of_each)

    def _take(self, instance: Any, most: int, most_of_each: int) -> None:  # noqa: ANN401
        self.value, self.size = _begun(instance), 1
        self._cut: set[_Path] = set()
        self._above: set[_Path] = set()
        waiting: deque[tuple[_Path, Any, Any]] = deque([((), instance, self.value)])
        while waiting:
            path, whole, part = waiting.popleft()
            for key, each in islice(_entries(whole), max(0, min(most - self.size, most_of_each))):
                self.size += 1 + (len(each) // _LETTERS if isinstance(each, str) else 0)
                kept = _begun(each)
                if isinstance(part, dict):
                    part[key] = kept
                else:
                    part.append(kept)
                if kept is not each:
                    waiting.append(((*path, key), each, kept))
            if part is not whole and len(part) < len(whole):
                self._cut.add(path)
                self._above.update(path[:length] for length in range(len(path)))

    def tells(self, error: ValidationError) -> bool:
        """Whether what is wrong with the excerpt is wrong with the whole."""
        path = tuple(error.instance_path)
        if path not in self._cut and path not in self._above:
            return True
        kinds = _WHATEVER_ELSE if path in self._cut else _WHATEVER_ELSE + _WHATEVER_BELOW
        return isinstance(error.kind, kinds)


def _begun(value: Any) -> Any:  # noqa: ANN401
    """An empty container in the place of one; anything else as it is."""
    return type(value)() if isinstance(value, dict | list) else value


def _entries(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()
