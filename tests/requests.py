"""Requests with keys and ETags, for tests that call storage without HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from contract.conditions import Conditions, Repeatable, under
from contract.fingerprint import DIGEST_BYTES, Fingerprint


@contextmanager
def request(
    key: str | None = None,
    asks: str = "",
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Iterator[None]:
    """Within, storage is called for a request with this key, which `asks` for something.

    `if_match` and `if_none_match` are one ETag or `*`.
    """
    with under(
        Conditions(
            None if key is None else Repeatable(_digest(key), _fingerprint(asks)),
            None if if_match is None else [if_match],
            None if if_none_match is None else [if_none_match],
        )
    ):
        yield


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()[:DIGEST_BYTES]


def _fingerprint(asks: str) -> Fingerprint:
    return Fingerprint(
        {"method": "PUT", "path": f"/{asks}", "query_string": b"", "headers": []},
    )
