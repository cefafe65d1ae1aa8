"""What a file in `migrations/` declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Document = dict[str, Any]
"""A stored document, its moments as `datetime` in UTC."""


class Absent(Enum):
    """No value, where null is one."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True)
class Rename:
    """`field` is stored as `to`; on the wire it keeps its name.

    Either may be a path with dots.
    """

    field: str
    to: str

    def __str__(self) -> str:
        return f"store {self.field} as {self.to}"


@dataclass(frozen=True)
class Split:
    """`field` is stored in several fields; on the wire it stays one.

    `into` has the `$jsonSchema` of each of them. `split` gives all of them for a value, `join` is
    its inverse; both are pure functions.
    """

    field: str
    into: Mapping[str, Mapping[str, Any]]
    split: Callable[[Any], Mapping[str, Any]]
    join: Callable[[Mapping[str, Any]], Any]

    def __str__(self) -> str:
        return f"store {self.field} as {' and '.join(self.into)}"


@dataclass(frozen=True)
class Drop:
    """`field` is no more, and what documents have of it is deleted.

    `meanwhile` is what new documents get for processes of the last version, which answer it,
    as long as one runs; nothing by default, for a field that was optional.
    """

    field: str
    meanwhile: Any = ABSENT

    def __str__(self) -> str:
        return f"delete {self.field}"


@dataclass(frozen=True)
class Transform:
    """`apply` gives the fields to set in a document that is not as it should be, else `{}`.

    It is a pure function, and of what it gave it has nothing more to give. `fields` are those that
    it may set.
    """

    fields: tuple[str, ...]
    apply: Callable[[Document], Mapping[str, Any]]

    def __str__(self) -> str:
        return f"change {', '.join(self.fields)}"


@dataclass(frozen=True)
class Rewrite:
    """MongoDB rewrites documents by itself, as no running process could read both shapes.

    For storage's own fields; migrations of the specs have no need of it. `concerned` finds the
    documents that are to be rewritten, `becomes` is the expression for what any document is then,
    `gone` are the fields at the top that nobody speaks of any more.
    """

    title: str
    concerned: Mapping[str, Any]
    becomes: Mapping[str, Any]
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.title


Change = Rename | Split | Drop | Transform | Rewrite


@dataclass(frozen=True)
class Migration:
    """What a file assigns to `MIGRATION`: changes of one collection, in their order."""

    collection: str
    changes: tuple[Change, ...] = field(default=())
