"""What the packages for Python have in common; each of them has a copy."""

from .bodies import File
from .calls import Attempt, ClientOptions, Options
from .clients import AsyncDownload, Download
from .errors import (
    ApiConnectionError,
    ApiError,
    ApiStatusError,
    ApiTimeoutError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PreconditionFailedError,
    PreconditionRequiredError,
    ServerError,
    TooManyRequestsError,
    UnauthorizedError,
    UnprocessableError,
    UnreadableAnswerError,
    Violation,
)
from .operations import UNSET
from .wire import etag_of

__all__ = [
    "UNSET",
    "ApiConnectionError",
    "ApiError",
    "ApiStatusError",
    "ApiTimeoutError",
    "AsyncDownload",
    "Attempt",
    "BadRequestError",
    "ClientOptions",
    "ConflictError",
    "Download",
    "File",
    "ForbiddenError",
    "NotFoundError",
    "Options",
    "PreconditionFailedError",
    "PreconditionRequiredError",
    "ServerError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnprocessableError",
    "UnreadableAnswerError",
    "Violation",
    "etag_of",
]
