"""What a client knows of an operation: data, as the package has it of its API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal


class Unset(Enum):
    """Stands where an argument is left out that may be `None`."""

    UNSET = "UNSET"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a field of a form is sent."""

    content_type: str | None = None
    style: str | None = None
    explode: bool | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `is_json` where its value is sent as JSON; None is sent if it is `nullable`."""

    argument: str
    name: str
    location: Literal["path", "query", "header", "cookie"]
    style: str = "simple"
    explode: bool = False
    is_json: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    `bodies` are the media types of the request, each with the encoding of its fields; `answers`
    those of a success. `key_header` and `bearer` say how it is told who is asking.
    """

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, Mapping[str, Encoding]] = field(default_factory=dict)
    nullable_body: bool = False
    answers: tuple[str, ...] = ()
    key_header: str | None = None
    bearer: bool = False
