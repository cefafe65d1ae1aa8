"""What can be wrong with a request, and how it is told: RFC 9457 problem details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

import orjson
from starlette.responses import Response

PROBLEM_JSON = "application/problem+json"

FAILED = "Something went wrong here. It is not the request's fault."
"""The detail of an error of ours: whoever asked can do nothing about it."""

MAX_ERRORS = 100
"""As many entries as `errors` holds at most (`Problem` in the specs)."""


@dataclass(frozen=True)
class ValidationIssue:
    """One thing that is wrong: where (in the body or a parameter), and what."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def as_json(self) -> dict[str, str]:
        """The entry of `errors`, without what is not known; `pointer` as a URI fragment."""
        place = {"pointer": self.pointer, "parameter": self.parameter}
        return {key: value[:1000] for key, value in place.items() if value is not None} | {
            "detail": self.detail[:1000]
        }


def count_of(issues: Sequence[ValidationIssue]) -> str:
    """How much is wrong with a request, as a sentence."""
    if len(issues) >= MAX_ERRORS:
        return f"The request has {MAX_ERRORS} errors or more."
    return f"The request has {len(issues)} error{'s' if len(issues) != 1 else ''}."


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A request cannot be answered as asked. Subclasses give each kind its name and status."""

    detail: str
    issues: Sequence[ValidationIssue] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "internal-error"
    title = "Internal error"

    def response(self) -> Response:
        """The problem as an answer."""
        body: dict[str, object] = {
            "type": f"urn:aware:problem:{self.kind}",
            "title": self.title,
            "status": self.status.value,
            "detail": self.detail[:1000],
        }
        if self.issues:
            body["errors"] = [issue.as_json() for issue in self.issues[:MAX_ERRORS]]
        return Response(
            orjson.dumps(body),
            self.status.value,
            dict(self.headers),
            media_type=PROBLEM_JSON,
        )


class InvalidRequest(Problem):
    """The request does not fit the contract; `issues` has everything that is wrong."""

    status = HTTPStatus.BAD_REQUEST
    kind = "invalid-request"
    title = "The request does not fit the contract"


class Malformed(Problem):
    """What a server refuses to read as a request at all."""

    status = HTTPStatus.BAD_REQUEST
    kind = "bad-request"
    title = "This is no HTTP request"

    @classmethod
    def of(cls, status: int) -> Self:
        """The problem that a server's refusal of this status is."""
        problem = cls("The request was not read to its end.")
        if status in _MALFORMED:
            problem.status = HTTPStatus(status)
            problem.kind, problem.title = _MALFORMED[status]
        return problem


_MALFORMED = {
    414: ("uri-too-long", "The path and the query are too long"),
    426: ("upgrade-required", "The connection must be upgraded first"),
    431: ("header-fields-too-large", "The headers are too large"),
    501: ("not-implemented", "This transfer coding is not known here"),
}
"""Kind and title by status, where it is not 400."""


class NotFound(Problem):
    """There is nothing here: no such path, or no such thing."""

    status = HTTPStatus.NOT_FOUND
    kind = "not-found"
    title = "Not found"


class MethodNotAllowed(Problem):
    """The path is there, but not with this method; `headers` has `Allow`."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    kind = "method-not-allowed"
    title = "Method not allowed"


class NotAcceptable(Problem):
    """The operation answers in none of the media types that the header `Accept` names."""

    status = HTTPStatus.NOT_ACCEPTABLE
    kind = "not-acceptable"
    title = "Not acceptable"


class RangeNotSatisfiable(Problem):
    """The part of a file that was asked for is beyond its end; `headers` has `Content-Range`."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    kind = "range-not-satisfiable"
    title = "Range not satisfiable"


class EmailTaken(Problem):
    """An e-mail address belongs to another user; `issues` names it."""

    status = HTTPStatus.CONFLICT
    kind = "email-taken"
    title = "An e-mail address is taken"


class NotUnique(Problem):
    """Another thing has a value that may be there once only; `issues` names the property."""

    status = HTTPStatus.CONFLICT
    kind = "not-unique"
    title = "A value is not unique"


class PreconditionFailed(Problem):
    """The thing is not as `If-Match` or `If-None-Match` demand; `headers` has its `ETag`."""

    status = HTTPStatus.PRECONDITION_FAILED
    kind = "precondition-failed"
    title = "It has changed since"

    @classmethod
    def now(cls, etag: str | None) -> Self:
        """The problem of a thing that has this ETag; None where there is none."""
        if etag is None:
            return cls("There is nothing here.")
        return cls("Read it again: this is another state of it.", (), {"ETag": etag})


class KeyReused(Problem):
    """Another request had this `Idempotency-Key`."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    kind = "idempotency-key-reused"
    title = "The key was used for another request"


class RemovedSince(Problem):
    """What the request made when it came first has been removed."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    kind = "removed-since"
    title = "It has been removed since"


class PreconditionRequired(Problem):
    """The operation demands `If-Match`."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    kind = "precondition-required"
    title = "If-Match is needed"


class RequestTimeout(Problem):
    """The body did not come, not whole, or too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT
    kind = "request-timeout"
    title = "Request timeout"


class PayloadTooLarge(Problem):
    """The body is larger than a service takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    kind = "payload-too-large"
    title = "The body is too large"


class UnsupportedMediaType(Problem):
    """The body is of no media type that the spec names, or does not say; `headers` has them."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    kind = "unsupported-media-type"
    title = "Unsupported media type"


class NotImplementedYet(Problem):
    """The operation is in the spec, and its handler is still the stub, which raises this."""

    status = HTTPStatus.NOT_IMPLEMENTED
    kind = "not-implemented"
    title = "Not implemented yet"


class ServiceUnavailable(Problem):
    """The database cannot be reached; `headers` has `Retry-After`."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    kind = "service-unavailable"
    title = "Service unavailable"
