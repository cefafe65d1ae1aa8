"""The gateway on this machine: Kong where there is one, else HAProxy in its place."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import httpx

from gateway import haproxy
from gateway.errors import GatewayError
from gateway.process import Gateway, prepare
from gateway.routes import harmless
from gateway.settings import GatewaySettings
from gateway.splits import PAPERS_SETTING, splits
from gateway.weight_file import WeightFile
from local.errors import LocalError
from local.ports import Ports
from openapi.errors import InvalidDocumentError
from services.reading import declared
from settings.environment import SettingError
from settings.log_format import LogFormat

_FOLDER = "gateway"
_FROM_OUTSIDE = (
    *("LOG_FORMAT", "RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_PER_SECOND", "REQUEST_SIZE_LIMIT"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"),
)


def gateway(state: Path, ports: Ports, p_value: int) -> Gateway:
    """Write the gateway's files and say how it is started; raises LocalError.

    Limits and the form of its log are those of the environment; JSON where that leaves it open, for
    here the log goes into a file.
    """
    environment = {name: os.environ.get(name, "") for name in _FROM_OUTSIDE}
    try:
        given = GatewaySettings.from_environment({**environment, **_first_shares(p_value)})
        automatic = given.log_format is LogFormat.AUTO
        settings = replace(
            given,
            targets={each: (ports.address(each),) for each in declared().ports},
            listen=ports.address("gateway"),
            admin_listen=ports.address("gateway_admin"),
            state=state / _FOLDER,
            log_format=LogFormat.JSON if automatic else given.log_format,
        )
        return prepare(settings)
    except (GatewayError, SettingError) as error:
        raise LocalError(f"The gateway cannot be started: {error}") from error


def _first_shares(p_value: int) -> dict[str, str]:
    """What the splits begin with, by their settings."""
    shares = {each.setting: os.environ.get(each.setting) or str(p_value) for each in splits()}
    return {**shares, PAPERS_SETTING: str(p_value)}


def exporter_environment(state: Path, ports: Ports, p_value: int) -> dict[str, str]:
    """What the exporter is told, which reads what the gateway keeps."""
    return {
        "HEALTH_BIND": ports.address("exporter"),
        "GATEWAY_STATE_DIR": str(state / _FOLDER),
        **_first_shares(p_value),
    }


def name() -> str:
    """What the gateway is, in words."""
    if shutil.which("kong"):
        return "Kong"
    return "HAProxy in the place of Kong, which is not installed"


def limits() -> tuple[str, ...]:
    """What this gateway does not do that Kong does."""
    return () if shutil.which("kong") else haproxy.LIMITS


def shares(state: Path, p_value: int) -> Mapping[str, int]:
    """The percentage that each first version gets: what was set last, else `p_value`.

    By what the requests are called, such as `user requests`.
    """
    folder = state / _FOLDER
    return {each.requests: WeightFile(folder, each).read(p_value) for each in splits()}


def healthy(ports: Ports) -> bool:
    """Whether requests through the gateway reach every service that it has routes to."""
    try:
        with httpx.Client(base_url=ports.url("gateway"), timeout=2, trust_env=False) as client:
            return all(_reached(client.request(*probe)) for probe in _probes())
    except httpx.HTTPError:
        return False


@cache
def _probes() -> tuple[tuple[str, str], ...]:
    """A harmless request to each service that has one."""
    found = []
    for service in declared():
        with suppress(InvalidDocumentError):  # being edited; the service says so
            found.append(harmless(service))
    return tuple(filter(None, found))


def _reached(answer: httpx.Response) -> bool:
    """Whether a service answered, or the gateway has no route to it."""
    return "X-Service-Version" in answer.headers or answer.status_code == httpx.codes.NOT_FOUND
