"""The paths of an API, and paths that no API has."""

import re
from urllib.parse import unquote

from openapi.description import Description

# Empty segments, and slashes and control characters encoded: in no path of a spec, and read
# otherwise by other parts, so that `/orders/o1%2Fstatus` would be what the gateway never took it
# for, and `/orders//` a redirect to wherever the header Host says.
_AMBIGUOUS = re.compile(rb"//|%(2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)

_PLAIN = re.compile(r"/[A-Za-z0-9/._~-]*")

MANAGEMENT_PATHS = ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/ui")
"""Beside the API, and of no API: how a service is operated and shown. `/ui` is all below it too."""


def is_ambiguous_path(path: bytes) -> bool:
    """Whether a path, as sent, is one that parts of a system read differently."""
    return _AMBIGUOUS.search(path) is not None


def loggable_path(path: str) -> str:
    """A path as a log may have it: `*` where it holds more than ids, such as somebody's address."""
    return path if _PLAIN.fullmatch(path) else "*"


def is_management_path(path: str) -> bool:
    """Whether a path is beside the API."""
    return path in MANAGEMENT_PATHS or path.startswith("/ui/")


def by_precedence(path: str) -> tuple[tuple[int, str], ...]:
    """A key to sort paths by: where several match, the first is meant, the most literal one."""
    return tuple(
        (
            0 if "{" not in part else 2 if re.fullmatch(r"\{[^{}]*\}", part) else 1,
            re.sub(r"\{[^{}]*\}", "{}", part),  # what it is called says nothing
        )
        for part in path.split("/")
    )


def decoded(path: str) -> str:
    """A path of a spec as it is when it arrives: what is percent-encoded in it no longer is."""
    return re.sub(r"[^{}]+(?![^{}]*\})", lambda each: unquote(each[0]), path)


def pattern_of(path: str) -> re.Pattern[str]:
    """What a path's template matches."""
    parts = re.split(r"\{[^{}]*\}", decoded(path))
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _shape(path: str) -> str:
    """A path as it arrives, whatever its parameters are called: two may call them differently."""
    return re.sub(r"\{[^{}]*\}", "{}", decoded(path))


class Paths:
    """The paths of an API: the trailing slash made insignificant, the methods of each."""

    def __init__(self, description: Description) -> None:
        self._methods: dict[str, set[str]] = {}
        for operation in description.operations:
            methods = self._methods.setdefault(_shape(operation.path), {"OPTIONS"})
            methods |= {"GET", "HEAD"} if operation.method == "GET" else {operation.method}
        templates = sorted((path for path in self._methods if "{" in path), key=by_precedence)
        self._templates = [(path, pattern_of(path)) for path in templates]
        self._own_options = {
            _shape(each.path) for each in description.operations if each.method == "OPTIONS"
        }

    def normalize(self, path: str) -> str:
        """`path` with or without its trailing slash, as the spec writes it."""
        if self._match(path) is not None:
            return path
        other = _other_spelling(path)
        return path if self._match(other) is None else other

    def methods(self, path: str) -> list[str]:
        """The methods of a normalized path, HEAD and OPTIONS included; empty where it is none."""
        known = self._match(path)
        return sorted(self._methods[known]) if known is not None else []

    def answers_options(self, path: str) -> bool:
        """Whether the spec itself has an OPTIONS operation at a normalized path."""
        return self._match(path) in self._own_options

    def _match(self, path: str) -> str | None:
        if path in self._methods and "{" not in path:
            return path
        return next((known for known, each in self._templates if each.fullmatch(path)), None)


def _other_spelling(path: str) -> str:
    return path[:-1] if path.endswith("/") else f"{path}/"
