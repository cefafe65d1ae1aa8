"""What the handlers of `answers_…` answer: by the name of a case, or of the operation itself.

A case is asked for by the header `X-Case`. Files are in the folder that `ECHO_FOLDER` names.
"""

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.answers.returned import Answer, File, Representations
from contract.errors import NotFound

CASE: ContextVar[str | None] = ContextVar("case", default=None)
"""What the request that is being answered asks for."""

MIB = 1024 * 1024
LARGE_MIB = 100

EVENTS: list[str] = []
"""The streams that were closed, by their names."""


class Cases:
    """In front of a service: lets its handlers know the header `X-Case`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope.get("headers", ()))
        CASE.set(headers.get(b"x-case", b"").decode() or None)
        await self._app(scope, receive, send)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what gunicorn asks of a service
        return getattr(self._app, name)


def answer(operation: str) -> object:
    """What the case says, or what the operation says where there is none."""
    name = CASE.get()
    return CASES[name]() if name is not None else USUAL[operation]()


def _file(name: str) -> Path:
    return Path(os.environ["ECHO_FOLDER"]) / name


ROWS = [{"name": "a,b", "size": 1}, {"name": 'c"d', "size": None}]
INSTANT = datetime(2026, 11, 22, 10, 15, 30, 123999)  # noqa: DTZ001 - it may not say

CARD, TRANSFER = {"number": "1", "until": "2"}, {"number": "1", "bank": "2"}

KINDS = {
    "naive": INSTANT,
    "utc": INSTANT.replace(tzinfo=UTC),
    "east": INSTANT.replace(tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "day": date(2026, 11, 22),
    "decimal": Decimal("1E+2"),
    "uuid": UUID("08884b79-e16c-4976-a52e-ba1b2b62cfaa"),
    "bytes": b"hi",
    "large": 10**30,
}


async def _parts(*parts: bytes | str) -> AsyncIterator[bytes | str]:
    try:
        for each in parts:
            await asyncio.sleep(0)
            yield each
    finally:
        EVENTS.append("parts")


async def _breaking() -> AsyncIterator[bytes]:
    yield b"x" * 1000
    raise RuntimeError("in the middle")


async def _broken() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for each in nothing:
        yield each
    raise NotFound("There is nothing with this id.")


async def _endless() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"x" * 65536
    finally:
        EVENTS.append("endless")


async def _waiting() -> AsyncIterator[str]:
    try:
        yield "data: 1\n\n"
        await asyncio.Event().wait()
    finally:
        EVENTS.append("waiting")


def _blocking(count: int) -> Iterator[bytes]:
    try:
        for _ in range(count):
            yield bytes(MIB)
    finally:
        EVENTS.append("blocking")


async def _late() -> AsyncIterator[bytes]:
    """Parts for longer than a handler may take."""
    for _ in range(8):
        await asyncio.sleep(0.8)
        yield b"x"


def _page() -> str:
    return "<p>two</p>"


USUAL: Mapping[str, Callable[[], object]] = {
    "answers_value": lambda: {"a": [1, None]},
    "answers_several": lambda: ROWS,
    "answers_several_post": lambda: ROWS,
    "answers_image": lambda: Answer(b"\x89PNG", media_type="image/png"),
    "answers_any": lambda: {"a": 1},
    "answers_created": lambda: Answer({"name": "a"}, 201, {"Location": "/a"}),
    "answers_empty": lambda: None,
    "answers_undescribed": lambda: None,
    "answers_ranges": lambda: {"name": "a"},
    "answers_defaulted": lambda: {"name": "a"},
    "answers_nullable": lambda: None,
    "answers_text": lambda: "text",
    "answers_bytes": lambda: b"\x00\xff",
    "answers_events": lambda: _parts("data: 1\n\n", "data: 2\n\n"),
    "answers_secret": lambda: {"name": "a", "secret": "s", "more": {"pin": "1"}},
    "answers_secrets": list,
}
"""By the operation."""

CASES: Mapping[str, Callable[[], object]] = {
    # values
    "kinds": lambda: KINDS,
    "text": lambda: "text",
    "number": lambda: 1.5,
    "none": lambda: None,
    "bytes": lambda: b'{"raw": 1}',
    "not-json": lambda: {"a": SimpleNamespace()},
    "not-text": lambda: {"a": 1},
    # statuses and headers
    "created": lambda: Answer(
        {"name": "a"},
        headers={
            "Location": "/a",
            "X-Count": 3,
            "X-Flags": [True, False],
            "X-Map": {"a": 1},
            "X-Json": [1, 2],
            "X-At": INSTANT,
            "X-None": None,
            "X-More": "more",
            "Set-Cookie": ["a=1", "b=2"],
        },
    ),
    "created-without-location": lambda: {"name": "a"},
    "created-with-wrong-count": lambda: Answer(
        {"name": "a"}, 201, {"Location": "/a", "X-Count": -1}
    ),
    "framing": lambda: Answer({"name": "a"}, 201, {"Content-Length": "5"}),
    "line-break": lambda: Answer({"name": "a"}, 201, {"Location": "/a\r\nX-Evil: 1"}),
    "unmodified": lambda: Answer(None, 304),
    "teapot": lambda: Answer(3, 418),
    "not-found-number": lambda: Answer(3, 404),
    "not-found-text": lambda: Answer("none", 404),
    "three-hundred": lambda: Answer("x", 300),
    "named": lambda: Answer({"name": "a"}),
    # media types
    "png": lambda: Answer(b"\x89PNG", media_type="image/png"),
    "jpeg-with-parameters": lambda: Answer(b"\xff", media_type='image/jpeg; q-table="x y"'),
    "html": lambda: Answer("<p>", media_type="text/html"),
    "unnamed-image": lambda: b"\x89PNG",
    "csv": lambda: Answer([["a", 1], ["b", None]], media_type="text/csv"),
    "representations": lambda: Answer(
        Representations({"application/json": ROWS, "application/xml": lambda: "<rows/>"}),
        headers={"X-Kind": "two", "Vary": "Cookie"},
    ),
    "representation-undeclared": lambda: Representations({"text/html": _page}),
    "form": lambda: Answer(
        {"a": [1, 2], "b": "x y", "c": None, "d": True},
        media_type="application/x-www-form-urlencoded",
    ),
    "latin": lambda: Answer("Straße", 203),
    "number-as-text": lambda: Answer(7, 202),
    "wrong-number-as-text": lambda: Answer("seven", 202),
    # files
    "file": lambda: File(_file("digits.bin"), "zahlen ä.bin"),
    "file-named-otherwise": lambda: Answer(
        File(_file("digits.bin")), headers={"Content-Disposition": "inline"}
    ),
    "file-missing": lambda: File(_file("nothing.bin")),
    "file-folder": lambda: File(_file(".")),
    "file-by-name": lambda: File(_file("picture.png")),
    "file-object": lambda: File(io.BytesIO(b"0123456789"), "digits.bin"),
    "file-large": lambda: File(_file("large.bin")),
    # streams
    "stream": lambda: _parts(b"one", "two"),
    "stream-empty": _parts,
    "stream-blocking": lambda: _blocking(2),
    "stream-large": lambda: _blocking(LARGE_MIB),
    "stream-endless": _endless,
    "stream-waiting": _waiting,
    "stream-breaking": _breaking,
    "stream-broken": _broken,
    "stream-wrong": lambda: _parts(b"one", 2),  # type: ignore[arg-type] # which is the point
    "stream-late": _late,
    # what is writeOnly
    "secrets": lambda: [CARD, TRANSFER, {"number": "1"}],
    "secret-by-pattern": lambda: {"name": "a", "pin": "1"},
    # responses
    "response": lambda: JSONResponse({"name": "a", "secret": "s"}, headers={"X-Own": "1"}),
    "response-text": lambda: PlainTextResponse("own", 418),
    "response-empty": lambda: Response(status_code=204),
    "events": lambda: [*EVENTS],
    "pid": os.getpid,
}
"""By their names."""
