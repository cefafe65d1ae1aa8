"""The parameters in cookies (RFC 6265, 5.4)."""

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.types import Scope

from contract.errors import ValidationIssue
from contract.parameters.decoder import Decoder
from contract.parameters.ownership import Names
from contract.parameters.query import put


class Cookies:
    """Reads the cookies of one operation. Those that the spec does not name are nobody's."""

    def __init__(self, decoders: Iterable[Decoder]) -> None:
        self._names = Names(decoders)

    def __call__(
        self, scope: Scope, arguments: dict[str, Any], issues: list[ValidationIssue]
    ) -> None:
        """Put what was sent among the arguments, from however many headers `Cookie` there are."""
        gathered: dict[Decoder | None, list[tuple[str, str]]] = {}
        for name, value in self._pairs(scope):
            owner = self._names.owner(name)
            gathered.setdefault(owner, []).append((name, value))
        for decoder, pairs in gathered.items():
            if decoder is not None:
                put(decoder, pairs, arguments, issues)

    def _pairs(self, scope: Scope) -> Iterator[tuple[str, str]]:
        lines = (line for name, line in scope["headers"] if name == b"cookie")
        for pair in b";".join(lines).decode("latin-1").split(";"):
            name, sign, _ = pair.strip(" \t").partition("=")
            owner = self._names.owner(name) if sign else None
            if owner is not None and owner.is_exploded:
                yield from self._exploded(pair.strip(" \t"), owner)
            elif owner is not None:
                value = pair.strip(" \t")[len(name) + 1 :]
                yield name, value if owner.parameter.media_type else _unquoted(value)

    def _exploded(self, cookie: str, owner: Decoder) -> Iterator[tuple[str, str]]:
        """OpenAPI writes all elements into one cookie: `a=1&a=2`; they may be cookies, too."""
        found: list[tuple[str, str]] = []
        for part in cookie.split("&"):
            name, sign, value = part.partition("=")
            if found and not (sign and self._names.owner(name) is owner):
                last, text = found.pop()
                found.append((last, f"{text}&{part}"))
            else:
                found.append((name, value))
        yield from ((name, _unquoted(value)) for name, value in found)


def _unquoted(value: str) -> str:
    """The value without the quotes that may stand around it (4.1.1)."""
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value
