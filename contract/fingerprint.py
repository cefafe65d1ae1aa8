"""What tells one request from another, whichever version of a service it reaches."""

from hashlib import sha256

from starlette.types import Message, Receive, Scope

from contract.bodies.media_types import ContentType

DIGEST_BYTES = 16
"""Of SHA-256: enough that no two meet."""


class Fingerprint:
    """A digest of method, path, query, media type and body; the body as it is read.

    A form's boundary is left out: clients draw another each time that they send it.
    """

    def __init__(self, scope: Scope, content_type: bytes = b"") -> None:
        media_type, _, parameters = content_type.partition(b";")
        self._boundary = _boundary(content_type) if parameters else b""
        self._tail = b""
        asked = scope["path"].encode(), scope["query_string"], media_type.strip().lower()
        start = "{} {} {} {} ".format(scope["method"], *map(len, asked)).encode()
        self._hash = sha256(start + b"".join(asked))

    def of(self, receive: Receive) -> Receive:
        """The same, with what comes taken note of."""

        async def noted() -> Message:
            message = await receive()
            self._add(message.get("body", b""))
            return message

        return noted

    def digest(self) -> bytes:
        """Of what was read until now."""
        found = self._hash.copy()
        found.update(self._tail)
        return found.digest()[:DIGEST_BYTES]

    def _add(self, chunk: bytes) -> None:
        if not self._boundary:
            self._hash.update(chunk)
            return
        # What may be the beginning of a boundary waits for what follows.
        data = (self._tail + chunk).replace(self._boundary, b"")
        kept = max(len(data) - len(self._boundary) + 1, 0)
        self._hash.update(data[:kept])
        self._tail = data[kept:]


def _boundary(content_type: bytes) -> bytes:
    sent = ContentType.parse(content_type.decode("latin-1"))
    return b"" if sent is None else sent.parameters.get("boundary", "").encode("latin-1")
