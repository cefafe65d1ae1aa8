"""How a spec is refused."""

from collections.abc import Callable, Iterable
from itertools import islice

MAX_REASONS = 20
"""As many reasons are told at once."""

Violation = tuple[str, str]
"""A pointer into a document, and what is wrong there and what to do."""


class InvalidDocumentError(Exception):
    """A spec cannot be used; the message has a line for each reason, `file:line: what`."""


def refuse(violations: Iterable[Violation], place: Callable[[str], str]) -> None:
    """Raise InvalidDocumentError where there are violations, with up to MAX_REASONS lines.

    Args:
        violations: Each is told once.
        place: `file:line` of what a pointer names.
    """
    found = dict.fromkeys(
        " ".join(f"{place(pointer)}: {reason}".split())
        for pointer, reason in islice(violations, MAX_REASONS)
    )
    if found:
        raise InvalidDocumentError("\n".join(found))
