"""An error as a log shows it: what, where and why, without the data that MongoDB's errors quote."""

import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import structlog

from storage.redaction import redacted

_MOST = 10
"""So many errors of a chain, and so many frames of each, the innermost, are shown."""

Shown = list[dict[str, Any]]


def as_data(exc_info: structlog.typing.ExcInfo) -> Shown:
    """The error and what led to it, for machines: type, message, frames of each, the last first."""
    return list(_chain(exc_info[1]))


def as_text(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """The same for people."""
    for each in as_data(exc_info):
        _write(out, each, "")


def _chain(error: BaseException | None) -> Iterator[dict[str, Any]]:
    for _ in range(_MOST):
        if error is None:
            return
        frames = traceback.extract_tb(error.__traceback__)[-_MOST:]
        shown: dict[str, Any] = {
            "exc_type": type(error).__name__,
            "exc_value": redacted(error),
            "frames": [
                {"filename": each.filename, "lineno": each.lineno, "name": each.name}
                for each in frames
            ],
        }
        if isinstance(error, BaseExceptionGroup):
            shown["exceptions"] = [list(_chain(each)) for each in error.exceptions[:_MOST]]
        yield shown
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _write(out: TextIO, shown: dict[str, Any], indent: str) -> None:
    out.write(f"{indent}{shown['exc_type']}: {shown['exc_value']}\n")
    out.writelines(
        f"{indent}  {each['filename']}:{each['lineno']} in {each['name']}\n"
        for each in shown["frames"]
    )
    for one in shown.get("exceptions", ()):
        for each in one:
            _write(out, each, f"{indent}    ")
