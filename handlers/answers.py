"""What handlers answer with, and what storage's errors mean to a client."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from pymongo.errors import ConnectionFailure, PyMongoError, WaitQueueTimeoutError
from starlette.responses import Response

from contract.errors import EmailTaken, NotFound, Problem, ServiceUnavailable, ValidationIssue
from storage.cursor import InvalidCursorError
from storage.errors import EmailTakenError, NotFoundError

RETRY_AFTER_S = 5
"""How long a client is asked to wait for the database."""


def json_response(
    content: Any,  # noqa: ANN401 - JSON is anything
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`content` as JSON; datetimes, which are in UTC here, with milliseconds."""
    body = orjson.dumps(content, _write, orjson.OPT_PASSTHROUGH_DATETIME)
    return Response(body, status, headers, media_type="application/json")


def _write(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    raise TypeError(f"{type(value).__name__} is no JSON")


def translate(error: Exception) -> Problem | None:
    """The problem that an error of storage is to a client; None for an error of ours."""
    match error:
        case NotFoundError():
            return NotFound("There is nothing with this id.")
        case EmailTakenError(index):
            taken = ValidationIssue("belongs to another user", pointer=f"#/emails/{index}")
            return EmailTaken("An e-mail address belongs to another user.", [taken])
        case InvalidCursorError():
            issue = ValidationIssue("was not given for these orders", parameter="cursor")
            return NotFound("There is no page at this cursor.", [issue])
        case PyMongoError() | TimeoutError() if unreachable(error):
            return ServiceUnavailable(
                "The database cannot be reached. Try again.",
                (),
                {"Retry-After": str(RETRY_AFTER_S)},
            )
    return None


def unreachable(error: PyMongoError | TimeoutError) -> bool:
    """Whether MongoDB did not answer (in time), rather than refuse."""
    if isinstance(error, PyMongoError) and error.timeout:
        return True
    return isinstance(error, TimeoutError | ConnectionFailure | WaitQueueTimeoutError)
