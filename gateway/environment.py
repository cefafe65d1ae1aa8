"""The environment variables of the gateway, each checked as it is read."""

import base64
import binascii
import re

from gateway.public_key import read_public_key
from settings.environment import Environment, SettingError, file_variable

_TARGET = re.compile(r"[A-Za-z0-9._-]+:[0-9]{1,5}")
_URL = re.compile(r"(https?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?)?/*")
_RATIO = re.compile(r"(0(\.[0-9]{1,9})?|1(\.0{1,9})?)?")
_API_KEY = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9._-]{0,63}):)?([A-Za-z0-9_-]{16,128})")
_CLAIM = re.compile(r"[A-Za-z0-9._~:/@+=-]{0,255}")
_CALLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}|\*")
_LISTEN = re.compile(r"((\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})?")


class GatewayEnvironment(Environment):
    """Reads what only the gateway has."""

    def targets(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Each `host:port`, none of them twice."""
        given = self.text(name, "")
        targets = _parts(given) if given else default
        if not all(_TARGET.fullmatch(target) for target in targets):
            raise SettingError(f"{name} must be host:port, or several with commas, not {given!r}")
        if len(set(targets)) < len(targets):
            raise SettingError(f"{name} names a target twice: {given!r}")
        return targets

    def listen(self, name: str, default: str) -> str:
        """An `address:port`."""
        return self.matching(name, _LISTEN, "one address:port", default)

    def ratio(self, name: str, default: str) -> str:
        """A number from 0 to 1."""
        return self.matching(name, _RATIO, "a number from 0 to 1", default)

    def listen_or_off(self, name: str) -> str:
        """An `address:port`, or nothing where it is `off` or not set."""
        return "" if self.text(name, "off") == "off" else self.listen(name, "")

    def url(self, name: str) -> str:
        """An address without a last slash."""
        return self.matching(name, _URL, "http://host:port", "").rstrip("/")

    def urls(self, name: str) -> tuple[str, ...]:
        """Several of those, or none."""
        found = [each.rstrip("/") for each in _parts(self.text(name, ""))]
        if not all(map(_URL.fullmatch, found)) or (len(found) > 1 and "" in found):
            raise SettingError(f"{name} must be http://host:port, or several with commas")
        return tuple(filter(None, found))

    def claim(self, name: str) -> str:
        """What a claim of a token is to be."""
        what = "up to 255 letters, digits and . _ ~ : / @ + = -"
        return self.matching(name, _CLAIM, what, "")

    def pem(self, name: str) -> str:
        """PEM, which the variable has in base64."""
        try:
            text = base64.b64decode(self.secret(name, ""), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = "none"
        if text and not text.lstrip().startswith("-----BEGIN "):
            raise SettingError(f"{name} must be PEM in base64, in one line")
        return text

    def public_key(self, name: str) -> str:
        """A public key in PEM."""
        text, file = self.secret(name, ""), file_variable(name)
        name = file if self.text(file, "") else name
        try:
            return read_public_key(text) if text else ""
        except ValueError as error:
            raise SettingError(f"{name} {error}") from error

    def api_keys(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and keys; one without a name, as it was once written, has that of its place."""
        texts = [text for text in self.secret(name, "").split(",") if text]
        found = [_API_KEY.fullmatch(text) for text in texts]
        keys = tuple(
            (match[1] or f"key-{place}", match[2]) for place, match in enumerate(found, 1) if match
        )
        if len(keys) < len(texts):
            raise SettingError(
                f"{name} must be NAME:KEY, several with commas: a name of letters, digits, ., - "
                "and _, a key of 16 to 128 letters, digits, - and _"
            )
        if len({key for _, key in keys}) < len(keys):
            raise SettingError(f"{name} has the same key twice")
        return keys

    def callers(self, name: str) -> tuple[str, ...]:
        """Names of callers, or `*`."""
        text = self.text(name, "")
        names = _parts(text) if text else ()
        if not all(_CALLER.fullmatch(each) for each in names):
            raise SettingError(f"{name} must be names of callers with commas, or *, not {text!r}")
        return names


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))
