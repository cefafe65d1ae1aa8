"""What the clients of all packages do, waiting for it or with `await`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self, Unpack
from urllib.parse import urlsplit

import httpx

from .calls import Call, ClientOptions, Options, Settings
from .errors import ApiConnectionError
from .operations import Operation

_BROKEN = (httpx.TransportError, httpx.InvalidURL)


class Download:
    """An answer that comes piece by piece."""

    def __init__(self, operation: Operation, response: httpx.Response) -> None:
        self._operation, self._response = operation, response
        self.status, self.headers = response.status_code, response.headers

    def __iter__(self) -> Iterator[bytes]:
        """The pieces as they come."""
        with _lost(self._operation):
            yield from self._response.iter_bytes()

    def lines(self) -> Iterator[str]:
        """The lines, without their ends."""
        with _lost(self._operation):
            yield from self._response.iter_lines()


class AsyncDownload(Download):
    """An answer that comes piece by piece."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come."""
        with _lost(self._operation):
            async for piece in self._response.aiter_bytes():
                yield piece

    async def alines(self) -> AsyncIterator[str]:
        """The lines, without their ends."""
        with _lost(self._operation):
            async for line in self._response.aiter_lines():
                yield line


@contextmanager
def _lost(operation: Operation) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise ApiConnectionError(operation.id, f"the answer broke off: {error}") from error


class Asking:
    """Asks, one request after the other. Threads may share it."""

    def __init__(self, settings: Settings, http: httpx.Client | None) -> None:
        self._settings, self.is_own = settings, http is None
        self.http = http or httpx.Client(follow_redirects=False)

    def call(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> Any:  # noqa: ANN401 - as the API declares
        """What the operation answers."""
        call = Call(self._settings, operation, arguments, options)
        return call.result(self._response(call))

    def pages(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> Iterator[Any]:
        """What is on one page after the other; each is asked for when it is needed."""
        query: str | None = None
        while True:
            call = Call(self._settings, operation, arguments, options, query)
            response = self._response(call)
            yield from call.result(response)
            if (query := _next(response)) is None:
                return

    @contextmanager
    def stream(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> Iterator[Download]:
        """An answer that is not read yet."""
        call = Call(self._settings, operation, arguments, options)
        response = self._response(call, is_stream=True)
        try:
            yield Download(operation, response)
        finally:
            response.close()

    def _response(self, call: Call, *, is_stream: bool = False) -> httpx.Response:
        while True:
            try:
                response = self.http.send(call.request(self.http), stream=True)
                if not (is_stream and response.is_success):
                    try:
                        response.read()
                    finally:
                        response.close()
            except _BROKEN as error:
                delay: float | None = call.failed(error)
            except httpx.DecodingError as error:
                raise call.unreadable(error) from error
            else:
                delay = call.answered(response)
                if delay is None and is_stream and not response.is_success:
                    raise call.error(response)
                if delay is None:
                    return response
            time.sleep(delay or 0.0)


class AskingAsync:
    """Asks, with `await`."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None) -> None:
        self._settings, self.is_own = settings, http is None
        self.http = http or httpx.AsyncClient(follow_redirects=False)

    async def call(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> Any:  # noqa: ANN401 - as the API declares
        """What the operation answers."""
        call = Call(self._settings, operation, arguments, options)
        return call.result(await self._response(call))

    async def pages(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> AsyncIterator[Any]:
        """What is on one page after the other; each is asked for when it is needed."""
        query: str | None = None
        while True:
            call = Call(self._settings, operation, arguments, options, query)
            response = await self._response(call)
            for each in call.result(response):
                yield each
            if (query := _next(response)) is None:
                return

    @asynccontextmanager
    async def stream(
        self, operation: Operation, arguments: Mapping[str, Any], options: Options | None
    ) -> AsyncIterator[AsyncDownload]:
        """An answer that is not read yet."""
        call = Call(self._settings, operation, arguments, options)
        response = await self._response(call, is_stream=True)
        try:
            yield AsyncDownload(operation, response)
        finally:
            await response.aclose()

    async def _response(self, call: Call, *, is_stream: bool = False) -> httpx.Response:
        while True:
            try:
                response = await self.http.send(call.request(self.http), stream=True)
                if not (is_stream and response.is_success):
                    try:
                        await response.aread()
                    finally:
                        await response.aclose()
            except _BROKEN as error:
                delay: float | None = call.failed(error)
            except httpx.DecodingError as error:
                raise call.unreadable(error) from error
            else:
                delay = call.answered(response)
                if delay is None and is_stream and not response.is_success:
                    raise call.error(response)
                if delay is None:
                    return response
            await asyncio.sleep(delay or 0.0)


def _next(response: httpx.Response) -> str | None:
    """The query of the next page. Only that is taken: a link may not lead a key elsewhere."""
    link = response.links.get("next", {}).get("url")
    return None if link is None else urlsplit(link).query


class BaseClient:
    """A client, to be closed when it is no longer needed; `with` does so."""

    def __init__(
        self, url: str, *, http: httpx.Client | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            url: Where the API is, without its paths: `https://api.example.com`.
            http: What sends, with settings of its own (proxy, certificates); it is not closed.
            options: Those of `ClientOptions`.
        """
        settings = Settings(url, **options)
        self._asking = Asking(settings, http)

    @classmethod
    def _sharing(cls, asking: Asking) -> Self:
        """A client that asks as another does."""
        made = cls.__new__(cls)
        made._asking = asking  # noqa: SLF001 - its own
        return made

    def close(self) -> None:
        """Close its connections."""
        if self._asking.is_own:
            self._asking.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class BaseAsyncClient:
    """A client with `await`, to be closed when it is no longer needed; `async with` does so."""

    def __init__(
        self, url: str, *, http: httpx.AsyncClient | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        """Make a client; what it is given is what `Client` is."""
        settings = Settings(url, **options)
        self._asking = AskingAsync(settings, http)

    @classmethod
    def _sharing(cls, asking: AskingAsync) -> Self:
        """A client that asks as another does."""
        made = cls.__new__(cls)
        made._asking = asking  # noqa: SLF001 - its own
        return made

    async def close(self) -> None:
        """Close its connections."""
        if self._asking.is_own:
            await self._asking.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
