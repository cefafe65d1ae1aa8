"""What storage cannot do."""

from collections.abc import Sequence
from dataclasses import dataclass

from pymongo.errors import DocumentTooLarge, OperationFailure

from contract.errors import ValidationIssue

_TOO_LARGE = {10334, 17419, 17420}
"""Codes of what MongoDB says of a document that would become too large."""


@dataclass
class NotFoundError(Exception):
    """There is no document with this id."""

    id: str | int


@dataclass
class PreconditionFailedError(Exception):
    """A thing is not in a state that the request asks for, but in that of this ETag.

    None where there is no thing.
    """

    etag: str | None


@dataclass
class KeyReusedError(Exception):
    """The key of the request was another request's."""


@dataclass
class RemovedSinceError(Exception):
    """The request was carried out before, and what it made has been removed since."""


@dataclass
class EmailTakenError(Exception):
    """An e-mail address belongs to another user; `index` is its place among those given."""

    index: int


@dataclass
class UniqueTakenError(Exception):
    """Another document has the value of a property, or the element at `index` of its array."""

    property: str
    index: int | None = None


@dataclass
class UnfitError(Exception):
    """A change makes something of an object that does not fit its schema; `issues` say where."""

    issues: Sequence[ValidationIssue]


@dataclass
class UnstorableError(Exception):
    """MongoDB cannot hold a value; `pointer` is a URI fragment: where in what was to be stored."""

    why: str
    pointer: str


@dataclass
class DocumentTooLargeError(Exception):
    """A document would be, or become, larger than MongoDB's 16 MiB."""


class _SizeChecked:
    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        code = error.code if isinstance(error, OperationFailure) else None
        if isinstance(error, DocumentTooLarge) or code in _TOO_LARGE:
            raise DocumentTooLargeError from error


size_checked = _SizeChecked()
"""Around a write of one document: MongoDB's refusal of its size is DocumentTooLargeError."""
