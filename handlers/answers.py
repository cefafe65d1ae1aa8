"""What storage's errors mean to a client."""

from pymongo.errors import ConnectionFailure, PyMongoError, WaitQueueTimeoutError

from contract.errors import (
    EmailTaken,
    InvalidRequest,
    KeyReused,
    NotFound,
    NotUnique,
    PayloadTooLarge,
    PreconditionFailed,
    Problem,
    RemovedSince,
    ServiceUnavailable,
    ValidationIssue,
)
from models.fields.user import User
from openapi.pointers import pointer_of
from storage.cursor import InvalidCursorError
from storage.errors import (
    DocumentTooLargeError,
    EmailTakenError,
    KeyReusedError,
    NotFoundError,
    PreconditionFailedError,
    RemovedSinceError,
    UnfitError,
    UniqueTakenError,
    UnstorableError,
)

RETRY_AFTER_S = 5
"""How long a client is asked to wait for the database."""


def translate(error: Exception) -> Problem | None:
    """The problem that an error of storage is to a client; None for an error of ours."""
    return _of_conditions(error) or _of_storage(error)


def _of_conditions(error: Exception) -> Problem | None:
    match error:
        case PreconditionFailedError():
            return PreconditionFailed.now(error.etag)
        case KeyReusedError():
            return KeyReused("Another request had this Idempotency-Key: draw a new one for each.")
        case RemovedSinceError():
            return RemovedSince("The request was carried out before; what it made is gone.")
    return None


def _of_storage(error: Exception) -> Problem | None:
    match error:
        case NotFoundError():
            return NotFound("There is nothing with this id.")
        case EmailTakenError() | UniqueTakenError():
            return _taken(error)
        case UnfitError() | UnstorableError() | DocumentTooLargeError():
            return _unstorable(error)
        case InvalidCursorError():
            issue = ValidationIssue("was not given for these pages", parameter="cursor")
            return NotFound("There is no page at this cursor.", [issue])
        case PyMongoError() | TimeoutError() if unreachable(error):
            return ServiceUnavailable(
                "The database cannot be reached. Try again.",
                (),
                {"Retry-After": str(RETRY_AFTER_S)},
            )
    return None


def _taken(error: EmailTakenError | UniqueTakenError) -> Problem:
    if isinstance(error, EmailTakenError):
        place = pointer_of(User.emails, str(error.index))
        issue = ValidationIssue("belongs to another user", pointer=f"#{place}")
        return EmailTaken("An e-mail address belongs to another user.", [issue])
    place = pointer_of(error.property, *([] if error.index is None else [str(error.index)]))
    issue = ValidationIssue("belongs to another one", pointer=f"#{place}")
    return NotUnique("Something with this value is there already.", [issue])


def _unstorable(error: UnfitError | UnstorableError | DocumentTooLargeError) -> Problem:
    if isinstance(error, UnfitError):
        return InvalidRequest("What it makes of this does not fit the schema.", error.issues)
    if isinstance(error, DocumentTooLargeError):
        return PayloadTooLarge("With this the document has more than the 16 MiB of MongoDB.")
    issue = ValidationIssue(error.why, pointer=error.pointer)
    return InvalidRequest("The database cannot hold it.", [issue])


def unreachable(error: PyMongoError | TimeoutError) -> bool:
    """Whether MongoDB did not answer (in time), rather than refuse."""
    if isinstance(error, PyMongoError) and error.timeout:
        return True
    return isinstance(error, TimeoutError | ConnectionFailure | WaitQueueTimeoutError)
