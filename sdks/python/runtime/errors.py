"""The errors of a client. `ApiError` is above all of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict


class Violation(TypedDict):
    """One thing that is wrong: where in the body, or in which parameter, and what."""

    pointer: NotRequired[str]
    parameter: NotRequired[str]
    detail: str


class ApiError(Exception):
    """A call failed. `operation` is its name."""

    def __init__(self, operation: str, message: str) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation = operation


class ApiConnectionError(ApiError):
    """No answer came. Whether the request was carried out is not known."""


class ApiTimeoutError(ApiConnectionError):
    """No answer came in time."""


class UnreadableAnswerError(ApiError):
    """The answer is none that the API declares, so it came from something else on the way."""


class ApiStatusError(ApiError):
    """The answer says that the request failed.

    `type`, `title`, `detail` and `errors` are those of the problem (RFC 9457); where there is none
    they are empty, and `body` has what came instead. `request_id` is what to ask the operator by.
    """

    def __init__(self, operation: str, status: int, headers: Mapping[str, str], body: Any) -> None:  # noqa: ANN401
        problem: Mapping[str, Any] = body if isinstance(body, dict) else {}
        self.status, self.headers, self.body = status, headers, body
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: Sequence[Violation] = problem.get("errors", ())
        self.request_id = headers.get("x-request-id")
        said = ": ".join(filter(None, (self.title, self.detail)))
        told = f"; {json.dumps(self.errors, ensure_ascii=False)}" if self.errors else ""
        super().__init__(operation, f"{status} {said}{told} (request {self.request_id})")


class BadRequestError(ApiStatusError):
    """400: the request does not fit the contract."""


class UnauthorizedError(ApiStatusError):
    """401: a key or token is missing, or is none."""


class ForbiddenError(ApiStatusError):
    """403: the key or token may not do that."""


class NotFoundError(ApiStatusError):
    """404: there is no such thing."""


class ConflictError(ApiStatusError):
    """409: it contradicts what is there."""


class PreconditionFailedError(ApiStatusError):
    """412: it has changed since it was read."""


class UnprocessableError(ApiStatusError):
    """422: understood, and refused."""


class PreconditionRequiredError(ApiStatusError):
    """428: say with `if_match` which state is to be changed."""


class TooManyRequestsError(ApiStatusError):
    """429: wait."""


class ServerError(ApiStatusError):
    """5xx: the fault is not the caller's."""


_BY_STATUS: Mapping[int, type[ApiStatusError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    422: UnprocessableError,
    428: PreconditionRequiredError,
    429: TooManyRequestsError,
}


def status_error(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    body: Any,  # noqa: ANN401 - any of JSON, a text, bytes
) -> ApiStatusError:
    """The error of an answer."""
    usual = ServerError if status >= 500 else ApiStatusError  # noqa: PLR2004
    return _BY_STATUS.get(status, usual)(operation, status, headers, body)
