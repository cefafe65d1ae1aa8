"""Health and metrics of a process that serves no HTTP otherwise.

The answers come from the event loop that does the work, so that a loop that hangs does not answer.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
from prometheus_client import CONTENT_TYPE_LATEST

from health.problems import Problem

_REQUEST_TIMEOUT_SECONDS = 10

Checks = Callable[[], Awaitable[Mapping[str, Problem | None]]]
"""What the process needs, by name, and what is wrong with it now."""

Exposition = Callable[[], Awaitable[bytes]]
"""All figures in Prometheus' text format."""


@asynccontextmanager
async def health_server(
    host: str, port: int, checks: Checks, exposition: Exposition
) -> AsyncIterator[None]:
    """Serve GET /health/live, /health/ready and /metrics while the context is open.

    Ready is 200 where nothing is wrong, else 503. Its JSON says by name whether the process has
    what it needs, and in `reasons` what is wrong and what to do.

    Raises:
        OSError: The address cannot be listened on.
    """
    open_connections: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections.add(writer)
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _answer(head, checks, exposition))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client is gone, or speaks no HTTP
        finally:
            open_connections.discard(writer)
            writer.close()

    server = await asyncio.start_server(answer, host, port)
    try:
        yield
    finally:
        server.close()
        for each in open_connections:  # a client that dawdles must not hold up the stop
            each.transport.abort()


async def _answer(head: bytes, checks: Checks, exposition: Exposition) -> bytes:
    match head.split(b" ", 2)[:2]:
        case [b"GET", b"/health/live"]:
            return _response(HTTPStatus.OK, orjson.dumps({"status": "live"}))
        case [b"GET", b"/health/ready"]:
            return _readiness(await checks())
        case [b"GET", b"/metrics"]:
            return _response(HTTPStatus.OK, await exposition(), CONTENT_TYPE_LATEST)
        case [b"GET", _]:
            return _response(HTTPStatus.NOT_FOUND, orjson.dumps({"status": "not found"}))
        case _:
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, orjson.dumps({"status": "GET only"}))


def _readiness(found: Mapping[str, Problem | None]) -> bytes:
    states = {name: problem is None for name, problem in found.items()}
    reasons = [str(problem) for problem in found.values() if problem is not None]
    if not reasons:
        return _response(HTTPStatus.OK, orjson.dumps({"status": "ready", **states}))
    body = {"status": "not ready", **states, "reasons": reasons}
    return _response(HTTPStatus.SERVICE_UNAVAILABLE, orjson.dumps(body))


def _response(status: HTTPStatus, body: bytes, media_type: str = "application/json") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
