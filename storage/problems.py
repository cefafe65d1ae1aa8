"""What keeps a process from its work, and what to do about it: in its readiness, and in its log."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from storage.redaction import redacted


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that says what is wrong, and one that says what to do. No secret is in either."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}"


class Problems:
    """What is wrong with one thing that a process needs, such as the database.

    Until all are over, each is said once in the log, however often it is found; then that is said.
    Several may look, and each says `by` what: for it, something else is wrong, or nothing any more.
    """

    def __init__(self, of: str) -> None:
        self._of = of
        self._found: dict[Hashable, Problem] = {}
        self._said: set[Problem] = set()
        self._log = structlog.get_logger()

    @property
    def current(self) -> Problem | None:
        """What has been wrong for the longest time, if anything is."""
        return next(iter(self._found.values()), None)

    def report(self, problem: Problem | None, by: Hashable = "") -> None:
        """This is wrong now, or nothing."""
        if problem is None:
            if self._found.pop(by, None) is not None and not self._found:
                self._said.clear()
                self._log.info("problem_over", of=self._of)
            return
        self._found[by] = problem
        if problem not in self._said:
            self._said.add(problem)
            self._log.warning(
                "problem_found", of=self._of, reason=problem.reason, remedy=problem.remedy
            )

    def report_alone(self, problem: Problem, by: Hashable = "") -> None:
        """This is wrong now, and keeps anybody from telling what else is."""
        self.report(problem, by)
        for other in [each for each in self._found if each != by]:
            self.report(None, other)


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
