"""A gateway for a test: the stand-in or Kong started here, or a Kong that runs elsewhere.

GATEWAY_TEST_URL        where a Kong elsewhere answers; without it, one is started here
GATEWAY_TEST_ADMIN_URL  its Admin API, through which each test gives it its configuration
GATEWAY_TEST_HOST       under which address that Kong reaches the services of the tests
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from gateway.finding import find
from gateway.process import Gateway, Kind, prepare
from gateway.render import render
from gateway.settings import GatewaySettings
from local.ports import free_port
from tests.waiting import until


@dataclass
class Running:
    """A gateway that answers at `url`. `process` is None where it runs elsewhere."""

    kind: Kind
    url: str
    admin_url: str
    settings: GatewaySettings
    process: subprocess.Popen[bytes] | None
    gateway: Gateway | None
    log: Path

    def stop(self) -> int | None:
        """End it cleanly; its exit status."""
        if self.process is None or self.gateway is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(self.gateway.stop_signal)
        return self.process.wait(40)


def elsewhere(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the tests are to use a Kong that runs already."""
    return bool(environment.get("GATEWAY_TEST_URL"))


def services_host(environment: Mapping[str, str] = os.environ) -> str:
    """Where the services of the tests are to listen."""
    return environment.get("GATEWAY_TEST_HOST", "127.0.0.1")


def run(settings: GatewaySettings) -> Running:
    """Give a gateway these settings; returns when it answers."""
    return _run_elsewhere(settings) if elsewhere() else _run_here(settings)


def _run_elsewhere(settings: GatewaySettings) -> Running:
    url, admin_url = os.environ["GATEWAY_TEST_URL"], os.environ["GATEWAY_TEST_ADMIN_URL"]
    settings.state.mkdir(parents=True, exist_ok=True)
    settings = replace(settings, given_url=url, given_admin_urls=(admin_url,))
    find(settings).apply(*render(settings, settings.p_value))
    return Running(Kind.KONG, url, admin_url, settings, None, None, Path(os.devnull))


def _run_here(settings: GatewaySettings) -> Running:
    settings = replace(
        settings, listen=f"127.0.0.1:{free_port()}", admin_listen=f"127.0.0.1:{free_port()}"
    )
    gateway = prepare(settings)
    log = settings.state / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            gateway.command,
            env=os.environ | gateway.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(
        gateway.kind,
        settings.url,
        f"http://{settings.admin_listen}",
        settings,
        process,
        gateway,
        log,
    )

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(settings.url).status_code > 0
        except httpx.TransportError:
            return False

    until(answers, "the gateway answers")
    return running
