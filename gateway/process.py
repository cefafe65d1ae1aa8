"""The gateway's process: which it is, its files, and the command that becomes it."""

import base64
import json
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway import KONG, access_log, haproxy
from gateway.errors import GatewayError
from gateway.render import render
from gateway.settings import GatewaySettings, state_folder
from gateway.splits import splits, target_variable
from gateway.weight_file import kept_weights
from services.reading import declared
from settings.environment import file_variable

ENTRY_POINT = KONG / "docker-entrypoint.sh"
_KEPT = "settings.json"


class Kind(StrEnum):
    """What stands in front of the services."""

    KONG = "kong"
    """Kong 3.9, as the paper has it."""
    HAPROXY = "haproxy"
    """HAProxy, where no Kong can be had."""


@dataclass(frozen=True)
class Gateway:
    """How to run the gateway in the foreground.

    `command` with `environment` on top of the caller's own becomes the gateway and listens until
    `stop_signal`, on which it ends what it has begun, takes nothing new, and exits 0.
    `limits` says in words what this kind does not do.
    """

    kind: Kind
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: signal.Signals
    limits: tuple[str, ...] = ()


def prepare(settings: GatewaySettings, path: str | None = None) -> Gateway:
    """Choose by what `path` (else PATH) has, and write the gateway's files into its state folder.

    Weights that were set win over what the settings say. Raises GatewayError, and leaves the files
    as they were, where the gateway could not start with these settings.
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    kept_weights(settings)  # which may be none, before anything is written
    _write(settings.state / _KEPT, json.dumps(variables(settings)))
    if shutil.which("kong", path=path):
        render(settings)
        return Gateway(Kind.KONG, ("bash", str(ENTRY_POINT)), variables(settings), signal.SIGQUIT)
    program = shutil.which("haproxy", path=_with_sbin(path))
    if program is None:
        raise GatewayError("neither kong nor haproxy is installed: apt-get install haproxy")
    write_haproxy_files(settings)
    command = access_log.with_access_log(
        settings, (program, "-db", "-f", str(haproxy.configuration_path(settings)))
    )
    return Gateway(Kind.HAPROXY, command, {}, signal.SIGUSR1, haproxy.LIMITS)


def kept_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """The settings of the gateway that was prepared last in the state folder.

    `environment` says where that is, and whatever was not set then. Raises SettingError.
    """
    state = state_folder(environment)
    try:
        kept = json.loads((state / _KEPT).read_text())
    except FileNotFoundError:
        return GatewaySettings.from_environment(environment)
    given = {name: value for name, value in kept.items() if value}
    files = {file_variable(name) for name in given}
    others = {name: value for name, value in environment.items() if name not in files}
    return GatewaySettings.from_environment({**others, **given, "GATEWAY_STATE_DIR": str(state)})


def write_haproxy_files(settings: GatewaySettings) -> None:
    """Write kong.yml and HAProxy's file with the weights that are kept.

    Raises ConfigurationError.
    """
    text, configuration = render(settings)
    haproxy_text = haproxy.render(settings, configuration)
    _write(settings.state / "kong.yml", text)
    if settings.tls_listen:
        _write(haproxy.pem_path(settings), f"{settings.tls_certificate}\n{settings.tls_key}")
    if settings.jwt_public_key:
        _write(haproxy.public_key_path(settings), settings.jwt_public_key)
    _write(haproxy.configuration_path(settings), haproxy_text)


def variables(settings: GatewaySettings) -> dict[str, str]:
    """The environment that gives these settings to docker-entrypoint.sh."""
    return {
        **{each.setting: str(settings.initial(each)) for each in splits()},
        **{
            target_variable(process): ",".join(settings.targets_of(process))
            for process in declared().ports
        },
        "KONG_PROXY_LISTEN": settings.listen,
        "KONG_ADMIN_LISTEN": settings.admin_listen,
        "KONG_STATUS_LISTEN": settings.status_listen,
        "GATEWAY_ADDRESS": settings.address,
        "GATEWAY_URL": settings.given_url,
        "GATEWAY_ADMIN_URL": ",".join(settings.given_admin_urls),
        "GATEWAY_TLS_LISTEN": settings.tls_listen,
        "GATEWAY_TLS_CERTIFICATE": base64.b64encode(settings.tls_certificate.encode()).decode(),
        "GATEWAY_TLS_KEY": base64.b64encode(settings.tls_key.encode()).decode(),
        "API_KEYS": ",".join(map(str, settings.api_keys)),
        "JWT_PUBLIC_KEY": base64.b64encode(settings.jwt_public_key.encode()).decode(),
        "JWT_ISSUER": settings.jwt_issuer,
        "JWT_AUDIENCE": settings.jwt_audience,
        "RATE_LIMIT_PER_MINUTE": str(settings.rate_limit_per_minute),
        "RATE_LIMIT_PER_SECOND": str(settings.rate_limit_per_second),
        "REQUEST_SIZE_LIMIT": str(settings.request_size_limit),
        "GATEWAY_STATE_DIR": str(settings.state.resolve()),
        "LOG_FORMAT": settings.log_format.value,
        "VERSION_CALLERS": ",".join(settings.version_callers),
        "READ_ONLY_CALLERS": ",".join(settings.read_only_callers),
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.traces_endpoint,
        "OTEL_TRACES_SAMPLER_ARG": settings.traces_ratio,
    }


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for nobody else's eyes: the file holds the keys."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def _with_sbin(path: str | None) -> str:
    """Debian puts daemons where a user's PATH does not look."""
    return os.pathsep.join((os.environ.get("PATH", "") if path is None else path, "/usr/sbin"))
