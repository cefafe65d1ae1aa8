"""The gateway on this machine."""

from pathlib import Path

from local.ports import Ports


def prepare(folder: Path, ports: Ports, p_value: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """Write the gateway's configuration; return its command and variables."""
    raise NotImplementedError(folder, ports, p_value)


def healthy(ports: Ports) -> bool:
    """Whether requests through the gateway reach the services behind it."""
    raise NotImplementedError(ports)
