"""Where the gateway is reached."""

import ipaddress


def url_on_this_machine(listen: str) -> str:
    """How this machine reaches what listens at `host:port`, be that all of its addresses."""
    host, _, port = listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '[::]') else host}:{port}"  # noqa: S104 - compared


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address with or without brackets."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
