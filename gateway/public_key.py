"""The public key that tokens are signed with: which algorithm it is for, and one spelling of it."""

import base64
import binascii
import re

_PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", re.ASCII
)
_ES256 = re.compile(r"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE")
_RS256 = re.compile(r"MII[B-E][A-Za-z0-9+/][DTjz]ANBgkqhkiG9w0BAQEFAAOCA")
"""How the key's own header begins in base64; a key of less than 2048 bits begins otherwise."""


def read_public_key(text: str) -> str:
    """The key in lines of 64 characters, as everybody writes them.

    Args:
        text: PEM, or PEM in base64.

    Raises:
        ValueError: It is no public key of RSA (2048 bits or more) or of P-256.
    """
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = ""
    found = _PEM.fullmatch(text)
    body = "".join(found[1].split()) if found else ""
    if not _is_whole(body):
        raise ValueError("must be a public key in PEM: RSA of 2048 bits or more, or EC on P-256")
    lines = (body[start : start + 64] for start in range(0, len(body), 64))
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def algorithm_of(pem: str) -> str:
    """The one algorithm of a key's signatures; a token's own word for it is never followed."""
    return "ES256" if _ES256.match(_body(pem)) else "RS256"


def _body(pem: str) -> str:
    return "".join(pem.splitlines()[1:-1])


def _is_whole(body: str) -> bool:
    """Whether it is as long as it says, and a key of a kind that is known here."""
    try:
        der = base64.b64decode(body, validate=True)
    except binascii.Error:
        return False
    if _ES256.match(body):
        return len(der) == 91  # noqa: PLR2004 - of every key on that curve
    return bool(_RS256.match(body)) and len(der) == int.from_bytes(der[2:4]) + 4
