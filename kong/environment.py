"""The environment variables of the gateway, each checked as it is read."""

import base64
import binascii
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from kong.errors import SettingError
from kong.public_key import read_public_key
from processes.secret_files import SecretError, file_variable, read_secret

_WHOLE = re.compile(r"0|[1-9][0-9]{0,10}")
_TARGET = re.compile(r"[A-Za-z0-9._-]+:[0-9]{1,5}")
_URL = re.compile(r"(https?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?)?/*")
_RATIO = re.compile(r"(0(\.[0-9]{1,9})?|1(\.0{1,9})?)?")
_API_KEY = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9._-]{0,63}):)?([A-Za-z0-9_-]{16,128})")
_CLAIM = re.compile(r"[A-Za-z0-9._~:/@+=-]{0,255}")
_CALLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}|\*")
_LISTEN = re.compile(r"((\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})?")

Choice = TypeVar("Choice", bound=StrEnum)


class Environment:
    """Reads one variable at a time; an empty one counts as not set.

    Each method raises SettingError, naming the variable, where that is not what it is to be.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def whole(self, name: str, default: int | None, lowest: int, highest: int) -> int:
        """A whole number; without a default it must be set."""
        text = self._variables.get(name) or ("" if default is None else str(default))
        if not _WHOLE.fullmatch(text) or not lowest <= int(text) <= highest:
            raise SettingError(
                f"{name} must be a whole number from {lowest} to {highest}, not {text!r}"
            )
        return int(text)

    def targets(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Each `host:port`, none of them twice."""
        given = self._variables.get(name)
        targets = _parts(given) if given else default
        if not all(_TARGET.fullmatch(target) for target in targets):
            raise SettingError(f"{name} must be host:port, or several with commas, not {given!r}")
        if len(set(targets)) < len(targets):
            raise SettingError(f"{name} names a target twice: {given!r}")
        return targets

    def listen(self, name: str, default: str) -> str:
        """An `address:port`."""
        return self._text(name, _LISTEN, "one address:port", default)

    def ratio(self, name: str, default: str) -> str:
        """A number from 0 to 1."""
        return self._text(name, _RATIO, "a number from 0 to 1", default)

    def listen_or_off(self, name: str) -> str:
        """An `address:port`, or nothing where it is `off` or not set."""
        return "" if self._variables.get(name) == "off" else self.listen(name, "")

    def url(self, name: str) -> str:
        """An address without a last slash."""
        return self._text(name, _URL, "http://host:port").rstrip("/")

    def claim(self, name: str) -> str:
        """What a claim of a token is to be."""
        return self._text(name, _CLAIM, "up to 255 letters, digits and . _ ~ : / @ + = -")

    def _text(self, name: str, pattern: re.Pattern[str], what: str, default: str = "") -> str:
        text = self._variables.get(name) or default
        if not pattern.fullmatch(text):
            raise SettingError(f"{name} must be {what}, not {text!r}")
        return text

    def _secret(self, name: str) -> str:
        try:
            return read_secret(self._variables, name)
        except SecretError as error:
            raise SettingError(str(error)) from error

    def pem(self, name: str) -> str:
        """PEM, which the variable has in base64."""
        try:
            text = base64.b64decode(self._secret(name), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            text = "none"
        if text and not text.lstrip().startswith("-----BEGIN "):
            raise SettingError(f"{name} must be PEM in base64, in one line")
        return text

    def public_key(self, name: str) -> str:
        """A public key in PEM."""
        text, file = self._secret(name), file_variable(name)
        name = file if self._variables.get(file) else name
        try:
            return read_public_key(text) if text else ""
        except ValueError as error:
            raise SettingError(f"{name} {error}") from error

    def api_keys(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and keys; one without a name, as it was once written, has that of its place."""
        texts = [text for text in self._secret(name).split(",") if text]
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
        text = self._variables.get(name, "")
        names = _parts(text) if text else ()
        if not all(_CALLER.fullmatch(each) for each in names):
            raise SettingError(f"{name} must be names of callers with commas, or *, not {text!r}")
        return names

    def one_of(self, name: str, default: Choice) -> Choice:
        """One of the words of the default's kind."""
        kind, text = type(default), self._variables.get(name) or default
        if text not in [*kind]:
            raise SettingError(f"{name} must be one of {', '.join(kind)}, not {text!r}")
        return kind(text)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))
