"""Where the gateway is reached."""

import ipaddress
import socket
from urllib.parse import urlsplit

from gateway.errors import UnreachableError


def url_on_this_machine(listen: str) -> str:
    """How this machine reaches what listens at `host:port`, be that all of its addresses."""
    host, _, port = listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}"  # noqa: S104 - compared


def addresses(target: str) -> tuple[str, ...]:
    """Each `address:port` that the name in `host:port` stands for; raises UnreachableError."""
    host, _, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"{host} has no address: {error}") from error
    return tuple(sorted({f"{entry[4][0]}:{port}" for entry in found}))


def every_address(url: str) -> tuple[str, ...]:
    """The URL of each address that the name in an http URL stands for; itself for any other."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        return (url,)
    try:
        found = addresses(f"{parts.hostname}:{parts.port or 80}")
    except UnreachableError:  # connecting says so
        return (url,)
    return (url,) if len(found) == 1 else tuple(f"http://{each}" for each in found)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address with or without brackets."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
