"""The part of a file that was asked for: `Range` and `If-Range` (RFC 9110, 14.2 and 13.1.5)."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from contract.errors import RangeNotSatisfiable

_RANGES = re.compile(r"bytes=[ \t]*(.*)", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18})")


def with_plain_range(scope: Scope, size: int, validators: tuple[str, str]) -> Scope:
    """A request for a file with its `Range` in the form that every reader understands, or without.

    It is dropped where the RFC has a server ignore it: in another unit, malformed, or with an
    `If-Range` that names another state of the file. Ranges beyond the end of the file are left out.

    Args:
        scope: The request.
        size: Bytes of the file.
        validators: Its `ETag` and `Last-Modified`.

    Raises:
        RangeNotSatisfiable: None of the ranges begins within the file.
    """
    headers = Headers(scope=scope)
    if "range" not in headers:
        return scope
    ranges = None
    if headers.get("if-range", validators[0]) in validators:
        ranges = _ranges(headers["range"], size)
    if ranges == []:
        raise RangeNotSatisfiable(
            f"The file has {size} bytes.", (), {"Content-Range": f"bytes */{size}"}
        )
    changed = {**scope, "headers": [*scope["headers"]]}
    given = MutableHeaders(scope=changed)
    del given["range"]
    if ranges is not None:
        given["range"] = "bytes=" + ",".join(f"{first}-{last}" for first, last in ranges)
    return changed


def _ranges(text: str, size: int) -> list[tuple[int, int]] | None:
    """First and last byte of each range that begins within the file; None where it is no range."""
    match = _RANGES.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    found = []
    for part in match[1].split(","):
        if not part.strip(" \t"):
            continue
        each = _RANGE.fullmatch(part.strip(" \t"))
        if each is None:
            return None
        if each[3] is not None:
            first, last = max(size - int(each[3]), 0), size - 1 if int(each[3]) else -1
        else:
            first, last = int(each[1]), min(int(each[2] or size), size - 1)
            if each[2] and int(each[2]) < first:
                return None
        found.append((first, last))
    if not found:
        return None
    return [(first, last) for first, last in found if first < size and first <= last]
