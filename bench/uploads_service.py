"""The service of uploads.yaml, for gunicorn: what forms and uploads cost, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.responses import Response

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.service import Service


async def search(tags: list[str], limit: int) -> Response:
    """How many tags there are."""
    return _json({"tags": min(len(tags), limit)})


async def form(body: dict[str, Any]) -> Response:
    """How many tags there are."""
    return _json({"tags": len(body.get("tags", ()))})


async def upload(body: dict[str, Any]) -> Response:
    """How large the file is."""
    return _json({"size": body["file"].size})


def service() -> Service:
    """The service."""
    description = load_api(Path(__file__).with_name("uploads.yaml"))
    bound = bind(description, {"search": search, "form": form, "upload": upload})
    api = Api(bound, description, "bench", lambda _: None, lambda *_: None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield

    async def ready() -> bool:
        return True

    return Service(
        api,
        description,
        ready=ready,
        metrics=lambda: (b"", "text/plain"),
        lifespan=lifespan,
    )


def _json(content: Any) -> Response:  # noqa: ANN401 - JSON is anything
    return Response(orjson.dumps(content), media_type="application/json")
