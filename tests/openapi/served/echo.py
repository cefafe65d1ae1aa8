"""A service of any spec, for gunicorn: its handlers echo what they are given.

`ECHO_SPEC` names the spec. What an operation answers whose name begins with `answers_` is in
answering.py. With `ECHO_CHECK` set, every answer is checked.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse

from contract.answers.check import ResponseCheck
from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.bodies.files import UploadedFile
from contract.service import Service
from tests.openapi.served.answering import Cases, answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp


async def echo(operation: str, **arguments: Any) -> object:  # noqa: ANN401 - of any spec
    """What the handler was given, and which it is."""
    if operation.startswith("answers_"):
        return answer(operation)
    return JSONResponse({"operation": operation, **{k: shown(v) for k, v in arguments.items()}})


def shown(value: Any) -> Any:  # noqa: ANN401 - of any spec
    """A value as JSON, with what there is to tell of a file."""
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shown(each) for each in value]
    if not isinstance(value, UploadedFile):
        return value
    return {
        "filename": value.filename,
        "content_type": value.content_type,
        "size": value.size,
        "headers": value.headers,
        "sha256": hashlib.file_digest(value, "sha256").hexdigest(),
    }


def application() -> Cases:
    """The service."""
    description = load_api(Path(os.environ["ECHO_SPEC"]))
    bound = bind(description, {each.id: partial(echo, each.id) for each in description.operations})
    api: ASGIApp = Api(bound, description, "test", lambda _: None, lambda *_: None)
    if "ECHO_CHECK" in os.environ:
        api = ResponseCheck(api, description)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield

    async def ready() -> bool:
        return True

    service = Service(
        api,
        description,
        ready=ready,
        metrics=lambda: (b"", "text/plain"),
        lifespan=lifespan,
    )
    return Cases(service)
