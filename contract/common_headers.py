"""The headers of every answer of a service, through the gateway and without it."""

from starlette.types import Message

_ALWAYS = ((b"server", b"aware"), (b"x-content-type-options", b"nosniff"))
"""Clients need not know which library answers; and what an answer is, its media type says."""

_NOT_STORED = (b"cache-control", b"no-store")
"""Answers hold personal data. An API that wants one stored says so by a header of its spec."""


def with_common_headers(message: Message, *others: tuple[bytes, bytes]) -> Message:
    """The beginning of an answer, `http.response.start`, with these headers and the others."""
    headers = [*message.get("headers", ()), *others, *_ALWAYS]
    if not any(name == _NOT_STORED[0] for name, _ in headers):
        headers.append(_NOT_STORED)
    return {**message, "headers": headers}
