"""Requests that no client library would send, and their answers."""

import http.client
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """A connection to the host and port of `url`."""
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 80), timeout=30) as connection:
        yield connection


def answer_on(connection: socket.socket) -> httpx.Response:
    """The answer that comes next, whole, in chunks or not."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    headers = [(k, v) for k, v in response.getheaders() if k.lower() != "transfer-encoding"]
    return httpx.Response(response.status, headers=headers, content=body)


def send_without_end(url: str, most: int) -> tuple[int, httpx.Response]:
    """How many bytes of a body in chunks were sent, at most, when its answer came; and that."""
    part = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    sent = 0
    with connected(url) as connection:
        connection.sendall(
            b"POST /orders/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while sent < most and not select.select([connection], [], [], 0)[0]:
            try:
                connection.sendall(part)
            except OSError:  # it answered meanwhile, and takes no more
                break
            sent += len(part)
        return sent, answer_on(connection)
