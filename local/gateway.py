"""The gateway on this machine: Kong where there is one, else HAProxy in its place."""

import os
import shutil
from pathlib import Path

import httpx

from kong import haproxy
from kong.errors import GatewayError
from kong.process import Gateway, prepare
from kong.settings import GatewaySettings, LogFormat
from kong.weights import WeightFile
from local.errors import LocalError
from local.ports import Ports

_FOLDER = "gateway"


def gateway(state: Path, ports: Ports, p_value: int) -> Gateway:
    """Write the gateway's files and say how it is started; raises LocalError."""
    settings = GatewaySettings(
        p_value=p_value,
        user_service_v1=(ports.address("user_service_v1"),),
        user_service_v2=(ports.address("user_service_v2"),),
        order_service=ports.address("order_service"),
        listen=ports.address("gateway"),
        admin_listen=ports.address("gateway_admin"),
        state=state / _FOLDER,
        log_format=_log_format(os.environ.get("LOG_FORMAT") or LogFormat.AUTO),
        user_relay=(ports.address("user_relay"),),
        order_consumer=(ports.address("order_consumer"),),
    )
    try:
        return prepare(settings)
    except GatewayError as error:
        raise LocalError(f"The gateway cannot be started: {error}") from error


def _log_format(text: str) -> LogFormat:
    """What `text` says; JSON where it leaves that open, for here the log goes into a file."""
    try:
        chosen = LogFormat(text)
    except ValueError as error:
        known = ", ".join(LogFormat)
        raise LocalError(f"LOG_FORMAT is {text!r}; it must be one of {known}.") from error
    return LogFormat.JSON if chosen is LogFormat.AUTO else chosen


def name() -> str:
    """What the gateway is, in words."""
    if shutil.which("kong"):
        return "Kong"
    return "HAProxy in the place of Kong, which is not installed"


def limits() -> tuple[str, ...]:
    """What this gateway does not do that Kong does."""
    return () if shutil.which("kong") else haproxy.LIMITS


def share(state: Path, p_value: int) -> int:
    """The percentage of user requests that version 1 gets: what was set last, else `p_value`."""
    return WeightFile(state / _FOLDER).read(p_value)


def healthy(ports: Ports) -> bool:
    """Whether requests through the gateway reach the order service and the user service.

    The user service is asked to make a user out of nothing, which it refuses.
    """
    try:
        with httpx.Client(base_url=ports.url("gateway"), timeout=2, trust_env=False) as client:
            orders = client.get("/orders/", params={"limit": 1})
            refused = client.post("/users/", json={})
    except httpx.HTTPError:
        return False
    return (orders.status_code, refused.status_code) == (httpx.codes.OK, httpx.codes.BAD_REQUEST)
