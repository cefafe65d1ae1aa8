"""What may be said of an error: MongoDB's quote the documents that they are about."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bson.errors import BSONError
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
)

_NAMES = {121: "DocumentValidationFailure", 11000: "DuplicateKey"}
"""Of codes that come without one."""


def redacted(error: BaseException) -> str:
    """What an error says, without what was written, sought or found.

    Where MongoDB refused: the kind, each code with its name and how often it came, ids of
    documents, fields of indexes. Where it did not answer: why, and its address. An error that is
    not MongoDB's says what it says.
    """
    kind = type(error).__name__
    if isinstance(error, OperationFailure | NotPrimaryError):
        details = error.details if isinstance(error.details, Mapping) else {}
        code = getattr(error, "code", None)
        counted = Counter(_refusals({"code": code, **details}))
        return f"{kind}: {', '.join(_times(text, n) for text, n in counted.items())}"
    tells = isinstance(error, ConnectionFailure | ConfigurationError)
    if isinstance(error, PyMongoError | BSONError) and (not tells or isinstance(error, InvalidURI)):
        return kind
    return str(error) or kind


def _refusals(details: Mapping[str, Any]) -> Iterator[str]:
    parts = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
    for each in parts or [details]:
        code = each.get("code")
        text = f"{code} {each.get('codeName') or _NAMES.get(code, '')}".strip()
        document = (each.get("errInfo") or {}).get("failingDocumentId")
        if document is not None:
            text += f" of {document}"
        if "keyPattern" in each:
            text += f" on {', '.join(each['keyPattern'])}"
        yield text


def _times(text: str, count: int) -> str:
    return text if count == 1 else f"{count} times {text}"
