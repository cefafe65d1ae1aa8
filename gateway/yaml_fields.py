"""The values of a parsed YAML document, read with the path that leads to each, for messages."""

from collections.abc import Iterator
from typing import Any

from gateway.errors import ConfigurationError


class Field:
    """A value and its path. Every method raises ConfigurationError, naming the path."""

    def __init__(self, value: Any, path: str) -> None:  # noqa: ANN401 - YAML holds anything
        self._value, self.path = value, path

    def __getitem__(self, key: str | int) -> "Field":
        if not self._is(dict if isinstance(key, str) else list):
            raise self.error(f"must be a {'mapping' if isinstance(key, str) else 'list'}")
        try:
            return Field(self._value[key], f"{self.path}.{key}")
        except (KeyError, IndexError):
            raise ConfigurationError(f"{self.path}.{key} is missing") from None

    def __iter__(self) -> Iterator["Field"]:
        if not isinstance(self._value, list):
            raise self.error("must be a list")
        return (Field(value, f"{self.path}[{i}]") for i, value in enumerate(self._value))

    def __contains__(self, key: str) -> bool:
        return isinstance(self._value, dict) and key in self._value

    def _is(self, kind: type) -> bool:
        return isinstance(self._value, kind)

    def error(self, message: str) -> ConfigurationError:
        """What is wrong with this value."""
        return ConfigurationError(f"{self.path} {message}, not {self._value!r}")

    def text(self) -> str:
        """The value, which must be text and not empty."""
        if not isinstance(self._value, str) or not self._value:
            raise self.error("must be text")
        return self._value

    def get(self, key: str, default: object) -> "Field":
        """The entry `key`, or `default` in its place."""
        return self[key] if key in self else Field(default, f"{self.path}.{key}")

    def must_have_only(self, *known: str) -> None:
        """Refuse a mapping with another entry."""
        for key in self._value if isinstance(self._value, dict) else ():
            if key not in known:
                raise ConfigurationError(f"{self.path}.{key} is not known here: take it out")

    def whole(self, lowest: int = 0) -> int:
        """The value, which must be a whole number of at least `lowest`."""
        if not isinstance(self._value, int) or isinstance(self._value, bool):
            raise self.error("must be a whole number")
        if self._value < lowest:
            raise self.error(f"must be at least {lowest}")
        return self._value

    def flag(self) -> bool:
        """The value, which must be true or false."""
        if not isinstance(self._value, bool):
            raise self.error("must be true or false")
        return self._value

    def must_be(self, *allowed: object) -> None:
        """Refuse a value that is none of `allowed`."""
        if self._value not in allowed:
            raise self.error(f"must be {' or '.join(map(str, allowed))}")
