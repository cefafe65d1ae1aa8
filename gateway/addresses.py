"""Where the gateway is reached."""

import ipaddress
import socket
from urllib.parse import urlsplit


def url_on_this_machine(listen: str) -> str:
    """How this machine reaches what listens at `host:port`, be that all of its addresses."""
    host, _, port = listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}"  # noqa: S104 - compared


def every_address(url: str) -> tuple[str, ...]:
    """The URL of each address that the name in an http URL stands for; itself for any other."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return (url,)
    try:
        found = socket.getaddrinfo(
            parts.hostname, parts.port or 80, family=socket.AF_INET, type=socket.SOCK_STREAM
        )
    except OSError:  # connecting says so
        return (url,)
    addresses = sorted({(str(each[4][0]), int(each[4][1])) for each in found})
    return (url,) if len(addresses) < 2 else tuple(f"http://{h}:{p}" for h, p in addresses)  # noqa: PLR2004 - several


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address with or without brackets."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
