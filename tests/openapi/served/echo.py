"""A service of any spec, for gunicorn: its handlers echo what they are given.

`ECHO_SPEC` names the spec. A body `{"answer": …}` of an operation whose name begins with `answer`
is answered as that `…`, whatever the spec says of it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.service import Service


async def echo(operation: str, **arguments: Any) -> Response:  # noqa: ANN401 - of any spec
    """What the handler was given, and which it is."""
    if operation.startswith("answer"):
        return JSONResponse(arguments["body"]["answer"])
    return JSONResponse({"operation": operation, **arguments})


def application() -> Service:
    """The service."""
    description = load_api(Path(os.environ["ECHO_SPEC"]))
    bound = bind(description, {each.id: partial(echo, each.id) for each in description.operations})
    api = Api(bound, description, "test", lambda _: None, lambda *_: None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield

    async def ready() -> bool:
        return True

    return Service(
        api,
        description,
        ready=ready,
        draining=lambda: False,
        metrics=lambda: (b"", "text/plain"),
        lifespan=lifespan,
    )
