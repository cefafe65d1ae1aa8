"""Tokens as an issuer signs them, and as somebody forges them."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Key = RSAPrivateKey | EllipticCurvePrivateKey


def rsa(bits: int = 2048) -> RSAPrivateKey:
    """A new key."""
    return generate_rsa(65537, bits)


def p256() -> EllipticCurvePrivateKey:
    """A new key."""
    return generate_ec(SECP256R1())


def encoded(data: bytes) -> str:
    """In base64url, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def now(after: float = 0) -> int:
    """The time in so many seconds, as a token has it."""
    return int(time.time() + after)


@dataclass(frozen=True)
class Issuer:
    """Whoever signs tokens."""

    key: Key = field(default_factory=rsa)

    @property
    def algorithm(self) -> str:
        """The one of its key."""
        return "RS256" if isinstance(self.key, RSAPrivateKey) else "ES256"

    @property
    def public_key(self) -> str:
        """PEM."""
        encoding = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(*encoding).decode()

    def token(self, payload: bytes | None = None, /, **claims: Any) -> str:  # noqa: ANN401 - JSON
        """A right token for a minute, but for the claims that are given; None leaves one out."""
        given = {"sub": "alice", "exp": now(60), **claims}
        left = {name: value for name, value in given.items() if value is not None}
        return self.signed(json.dumps(left).encode() if payload is None else payload)

    def signed(self, payload: bytes, **header: str) -> str:
        """Any payload under any header."""
        text = unsigned(payload, **{"alg": self.algorithm, **header})
        return f"{text}.{encoded(self._signature(text.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(text, PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self.key.sign(text, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def unsigned(payload: bytes, **header: str) -> str:
    """A token's first two parts."""
    return f"{encoded(json.dumps({'typ': 'JWT', **header}).encode())}.{encoded(payload)}"


def signed_with_secret(secret: str, payload: bytes) -> str:
    """A token as whoever knows a secret signs it: the public key, for one."""
    text = unsigned(payload, alg="HS256")
    return f"{text}.{encoded(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"
