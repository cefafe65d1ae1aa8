"""Prometheus on this machine: it scrapes the other parts, and evaluates the rules."""

import shutil
from pathlib import Path

import httpx

from local.errors import MissingError
from local.passwords import write_private
from local.ports import Ports
from observability.scraping import GATEWAY, RABBITMQ, RULES, Json, configuration
from services.reading import declared

RULES_FILE = Path(__file__).parent.parent / "deploy" / "observability" / RULES
_PORTS = {GATEWAY: "gateway_admin", RABBITMQ: "rabbitmq_prometheus"}
"""Where a part answers `/metrics`, if not at the port of its own name."""


def find_prometheus() -> str:
    """The path of Prometheus; raises MissingError."""
    found = shutil.which("prometheus")
    if not found:
        raise MissingError("No Prometheus: install the Debian package prometheus.")
    return found


def write_configuration(folder: Path, ports: Ports, rules: str, interval: str = "15s") -> None:
    """Write what Prometheus reads at its start into `folder`.

    Args:
        folder: The folder of its files, made if need be.
        ports: Where everything listens.
        rules: The text of the rules.
        interval: How often it scrapes and evaluates.
    """

    def discovery(name: str) -> Json:
        return {"static_configs": [{"targets": [ports.address(_PORTS.get(name, name))]}]}

    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / RULES, rules)
    write_private(folder / "prometheus.yml", configuration(declared(), discovery, interval))


def command(folder: Path, ports: Ports) -> tuple[str, ...]:
    """How it is started; raises MissingError."""
    return (
        find_prometheus(),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={ports.address('prometheus')}",
    )


def healthy(ports: Ports) -> bool:
    """Whether it answers."""
    try:
        ready = httpx.get(f"{ports.url('prometheus')}/-/ready", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return ready.is_success
