"""The headers by which an answer tells that its operation is deprecated."""

from collections.abc import Iterator, Mapping
from email.utils import format_datetime

from openapi.deprecation import Deprecation
from openapi.description import Description

Headers = tuple[tuple[bytes, bytes], ...]


def deprecation_headers(description: Description) -> Mapping[str, Headers]:
    """By the operation's id; those that are not deprecated are not among them."""
    return {
        each.id: (*_headers(each.deprecation),)
        for each in description.operations
        if each.deprecation is not None
    }


def _headers(deprecation: Deprecation) -> Iterator[tuple[bytes, bytes]]:
    since, sunset, link = deprecation.since, deprecation.sunset, deprecation.link
    if since is not None:
        yield b"deprecation", f"@{since.timestamp():.0f}".encode()
    if sunset is not None:
        yield b"sunset", format_datetime(sunset, usegmt=True).encode()
    if link is not None:
        yield b"link", f'<{link}>; rel="deprecation"; type="text/html"'.encode()
        if sunset is not None:
            yield b"link", f'<{link}>; rel="sunset"; type="text/html"'.encode()
