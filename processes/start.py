"""A start that cannot be: each reason in a line, and no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from contract.handlers import HandlerMismatchError
from openapi.errors import InvalidDocumentError
from processes.modules import ModuleImportError
from settings.environment import SettingError
from storage.evolution.errors import MigrationError

log = structlog.get_logger(__name__)

CONFIG_ERRORS = (
    *(SettingError, InvalidDocumentError, ModuleImportError),
    *(HandlerMismatchError, MigrationError),
)
"""What keeps a process from starting for a reason that the message says, a line each."""

_BOOT_ERROR = 3
"""gunicorn's exit code of a worker that must not be started again."""


@contextmanager
def exit_on_config_error() -> Iterator[None]:
    """End the process where settings, specs or handlers are wrong; a log line for each reason."""
    try:
        yield
    except CONFIG_ERRORS as error:
        for reason in str(error).splitlines():
            log.error("start_failed", reason=reason)  # noqa: TRY400 - the reason says it all
        sys.exit(_BOOT_ERROR)
