"""A start that cannot be: said in one line, not in a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from contract.document import InvalidDocumentError

from contract.handlers import HandlerMismatchError
from processes.settings import SettingsError

log = structlog.get_logger(__name__)

_BOOT_ERROR = 3
"""gunicorn's exit code of a worker that must not be started again."""


@contextmanager
def told_plainly() -> Iterator[None]:
    """End the process with a log line where settings, specs or handlers are wrong."""
    try:
        yield
    except (SettingsError, InvalidDocumentError, HandlerMismatchError) as error:
        log.error("start_failed", reason=str(error))  # noqa: TRY400 - the reason says it all
        sys.exit(_BOOT_ERROR)
