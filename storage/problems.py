"""What MongoDB says of itself by its errors, in sentences that say what to do."""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from health.problems import Problem
from storage.redaction import redacted

_AUTHENTICATION_FAILED = 18
_UNAUTHORIZED = 13
_OUT_OF_DISK_SPACE = 14031
_UNKNOWN_ERROR = 8
_NO_SPACE = "No space left on device"

_PASSWORD = Problem(
    "MongoDB refuses the login: MONGO_PASSWORD is not the password of MONGO_USERNAME.",
    "Start the process with the password that MongoDB has, or set MongoDB up with this one: "
    "`python -m aware setup mongodb`.",
)
_DISK = Problem("MongoDB's disk is full.", "Free some of it: writes go on by themselves.")
_AWAY = Problem(
    "MongoDB cannot be reached, or has no primary.",
    "See that it runs where MONGO_URI says, and that its disk is not full.",
)
_BY_CODE = {_AUTHENTICATION_FAILED: _PASSWORD, _UNAUTHORIZED: None}


def is_disk_full(error: Mapping[str, Any]) -> bool:
    """Whether MongoDB says by an error, or one of a bulk write, that its disk is full.

    It has a code for that, but does not always give it: what the system says comes as an unknown
    error, `28: No space left on device`.
    """
    if error.get("code") == _UNKNOWN_ERROR:
        return _NO_SPACE in error.get("errmsg", "")
    return error.get("code") == _OUT_OF_DISK_SPACE


def problem_of(error: BaseException) -> Problem | None:
    """What MongoDB says of itself by an error, or by the one that was its cause.

    None where the login lacks a right: which one, and whatever else it lacks, `missing_rights` of
    `storage/privileges.py` says.
    """
    cause = error if isinstance(error, PyMongoError) else error.__cause__ or error
    if isinstance(cause, OperationFailure):
        details = cause.details or {}
        if any(map(is_disk_full, [details, *details.get("writeErrors", ())])):
            return _DISK
        if cause.code in _BY_CODE:
            return _BY_CODE[cause.code]
    if isinstance(cause, ConnectionFailure | ExecutionTimeout | WTimeoutError):
        return _AWAY
    return Problem(
        f"MongoDB could not do what was asked of it: {redacted(cause)}.",
        "It is tried again; if that does not help, see MongoDB's log.",
    )
