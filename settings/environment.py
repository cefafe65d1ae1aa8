"""The environment variables, each checked as it is read; what is secret may be in a file."""

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

_WHOLE = re.compile(r"0|[1-9][0-9]{0,12}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")

Choice = TypeVar("Choice", bound=StrEnum)


class SettingError(Exception):
    """An environment variable is missing or wrong; the message names it."""


def file_variable(name: str) -> str:
    """The variable that names the file with the secret `name`."""
    return f"{name}_FILE"


class Environment:
    """Reads one variable at a time; an empty one counts as not set.

    Each method raises SettingError where the variable is not what it is to be, or is not set and
    the method has no default.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """Read from these; without any, from those of the process."""
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str | None = None) -> str:
        """Any text."""
        text = self._variables.get(name) or default
        if text is None:
            raise SettingError(f"{name} is not set")
        return text

    def matching(self, name: str, pattern: re.Pattern[str], what: str, default: str | None) -> str:
        """Text that the whole pattern matches, which is `what` it must be."""
        text = self.text(name, default)
        if not pattern.fullmatch(text):
            raise SettingError(f"{name} must be {what}, not {text!r}")
        return text

    def name(self, name: str, default: str) -> str:
        """What databases and queues may be called."""
        return self.matching(name, _NAME, "up to 50 letters, digits, _ and -", default)

    def whole(self, name: str, default: int | None, lowest: int, highest: int) -> int:
        """A whole number."""
        text = self.text(name, None if default is None else str(default))
        if not _WHOLE.fullmatch(text) or not lowest <= int(text) <= highest:
            raise SettingError(
                f"{name} must be a whole number from {lowest} to {highest}, not {text!r}"
            )
        return int(text)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not set."""
        text = self.text(name, "false")
        if text not in ("true", "false"):
            raise SettingError(f"{name} must be true or false, not {text!r}")
        return text == "true"

    def path(self, name: str) -> Path | None:
        """A path, if one is given."""
        text = self.text(name, "")
        return Path(text) if text else None

    def one_of(self, name: str, default: Choice) -> Choice:
        """One of the words of the default's kind."""
        kind, text = type(default), self.text(name, default)
        if text not in [*kind]:
            raise SettingError(f"{name} must be one of {', '.join(kind)}, not {text!r}")
        return kind(text)

    def secret(self, name: str, default: str | None = None) -> str:
        """Text of this variable, or of the file that `NAME_FILE` names.

        Line ends at the end of a file are not part of it.
        """
        file = file_variable(name)
        path = self._variables.get(file)
        if not path:
            return self.text(name, default)
        if self._variables.get(name):
            raise SettingError(f"{name} and {file} are both set: set one of them")
        try:
            text = Path(path).read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SettingError(f"{file}: {path} cannot be read: {reason}") from error
        if not text:
            raise SettingError(f"{file}: {path} is empty")
        return text
