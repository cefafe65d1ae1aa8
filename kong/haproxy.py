"""HAProxy in Kong's place: its configuration file, written from the parsed kong.yml."""

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2

from kong.configuration import Configuration, Problem, Service, Upstream
from kong.errors import ConfigurationError
from kong.settings import GatewaySettings, LogFormat

LIMITS = (
    "a body sent in chunks is measured by the services, not by the gateway",
    "a path is matched as sent: neither doubled slashes nor %-encoded letters are normalised",
    "a request that is not HTTP at all is refused with HAProxy's own page, not as problem+json",
    "a service has at most 32 replicas; more would get no requests",
    "where its log is not read as fast as requests come, lines of it are lost",
    "the requests a minute are counted over the last sixty seconds, not by the clock's minute",
)
"""What Kong does and HAProxy does not, in words for the person who starts it."""

_REPLICAS = 32
"""So many addresses of a name get requests: HAProxy's servers are made when it starts."""

_STATUSES = frozenset((400, 401, 403, 404, 405, 408, 413, 429, 500, 501, 502, 503, 504))
_LOG_FORMATS = {
    LogFormat.CONSOLE: (
        '"%[date,ltime(%H:%M:%S)] %ST %HM %HP %[var(txn.route)] %s %Ta ms '
        'request_id=%[var(txn.request_id)] flags=%ts"'
    ),
    LogFormat.JSON: (
        r'"{\"event\":\"request\",\"timestamp\":\"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]\",'
        r"\"status\":%ST,\"method\":\"%[capture.req.method,json(utf8s)]\","
        r"\"path\":\"%[capture.req.uri,json(utf8s)]\",\"route\":\"%[var(txn.route)]\","
        r"\"target\":\"%s\",\"milliseconds\":%Ta,"
        r'\"request_id\":\"%[var(txn.request_id),json(utf8s)]\",\"flags\":\"%ts\"}"'
    ),
}


def socket_path(settings: GatewaySettings) -> Path:
    """The socket through which the running HAProxy is told weights."""
    return settings.state.resolve() / "haproxy.sock"


def configuration_path(settings: GatewaySettings) -> Path:
    """HAProxy's file."""
    return settings.state.resolve() / "haproxy.cfg"


def pem_path(settings: GatewaySettings) -> Path:
    """The certificate and its key, where it serves TLS."""
    return settings.state.resolve() / "gateway.pem"


def render(settings: GatewaySettings, configuration: Configuration) -> str:
    """HAProxy's file, which does what `configuration` says but for LIMITS.

    Raises ConfigurationError for what HAProxy cannot do at all.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - this is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    backends = tuple(_backends(configuration))
    return environment.get_template("haproxy.cfg.j2").render(
        conf=configuration,
        backends=backends,
        asks_names=any(is_name(t.address) for _, upstream in backends for t in upstream.targets),
        is_name=is_name,
        server_prefix=server_prefix,
        replicas=_REPLICAS,
        problems=[_quotable(p) for p in configuration.problems if p.status in _STATUSES],
        listen=settings.listen,
        tls_listen=settings.tls_listen,
        pem=pem_path(settings),
        admin_listen=settings.admin_listen,
        socket=_short_enough(socket_path(settings)),
        log_format=_LOG_FORMATS[_log_format(settings)],
    )


def _backends(configuration: Configuration) -> Iterator[tuple[Service, Upstream]]:
    """Where the requests of each service go in the end: the service that is split has two."""
    split = configuration.split
    for service in configuration.services:
        names = (split.first, split.rest) if service.name == split.service else (service.upstream,)
        for name in names:
            yield service, configuration.upstream(name)


def is_name(target: str) -> bool:
    """Whether the host of `host:port` is a name that the name server is to be asked for."""
    host = target.rpartition(":")[0]
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host != "localhost"
    return False


def server_prefix(target: str) -> str:
    """What the servers of a name `host:port` are called, but for their number."""
    return target.replace(":", "_") + "_"


def target_of(server: str) -> str:
    """The target `host:port` a server is of, as the file written here calls it."""
    return server if ":" in server else ":".join(server.rsplit("_", 2)[:2])


def _log_format(settings: GatewaySettings) -> LogFormat:
    if settings.log_format is not LogFormat.AUTO:
        return settings.log_format
    return LogFormat.CONSOLE if sys.stdout.isatty() else LogFormat.JSON


def _quotable(problem: Problem) -> Problem:
    if "'" in problem.body():
        raise ConfigurationError(f"kong.yml: the problem {problem.status} has a quotation mark")
    return problem


def _short_enough(path: Path) -> Path:
    """The operating system's limit for the path of a socket is 107 characters, and HAProxy adds."""
    if len(str(path)) > 90:  # noqa: PLR2004 - explained above
        raise ConfigurationError(f"GATEWAY_STATE_DIR is too long a path for a socket: {path}")
    return path
