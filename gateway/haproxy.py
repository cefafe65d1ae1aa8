"""HAProxy in Kong's place: its configuration file, written from the parsed kong.yml."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import jinja2

from gateway import access_log
from gateway.authentication import Authentication
from gateway.configuration import Configuration, Service, Split
from gateway.errors import ConfigurationError
from gateway.methods import allowed_methods
from gateway.problem import Problem, problems
from gateway.settings import GatewaySettings
from gateway.targets import Target, Upstream

LIMITS = (
    "a path is matched as sent: neither doubled slashes nor %-encoded letters are normalised",
    "a request that is not HTTP at all is refused with HAProxy's own page, not as problem+json",
    "a service has at most 32 replicas; more would get no requests",
    "a body in chunks has at most 16 MiB, whatever the limit",
    "where its log is not read as fast as requests come, lines of it are lost",
    "only the first ten of a token's `aud` are looked at",
    "a token is refused where `exp` or `nbf` is no plain number, in whatever part of it",
    "requests are counted over the last sixty seconds and the last one, not by the clock's",
)
"""What Kong does and HAProxy does not, in words for the person who starts it."""

_REPLICAS = 32
"""So many addresses of a name get requests: HAProxy's servers are made when it starts."""

_MAX_CHUNKED_BYTES = 16 * 1_048_576
"""Bytes of a body in chunks, which can only be measured where it is held whole."""

_HEADERS = 65_536

_STATUSES = frozenset((400, 401, 403, 404, 405, 408, 413, 429, 500, 501, 502, 503, 504))
_LOG_FORMAT = (
    r'"{\"event\":\"request\",\"timestamp\":\"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]\",'
    r"\"status\":%ST,\"method\":\"%[capture.req.method,json(utf8s)]\","
    r"\"path\":\"%{-M}[var(txn.path)]\",\"operation\":\"%{-M}[var(txn.operation)]\","
    r"\"caller\":\"%{-M}[var(txn.consumer),json(utf8s)]\","
    r"\"version\":\"%{-M}[var(txn.version),json(utf8s)]\","
    r"\"target\":\"%si:%sp\",\"split\":\"%{-M}[var(txn.split)]\",\"milliseconds\":%Ta,"
    r'\"service_milliseconds\":%Tr,\"request_id\":\"%[var(txn.request_id),json(utf8s)]\"}"'
)


def socket_path(settings: GatewaySettings) -> Path:
    """The socket through which the running HAProxy is told weights."""
    return settings.state.resolve() / "haproxy.sock"


def configuration_path(settings: GatewaySettings) -> Path:
    """HAProxy's file."""
    return settings.state.resolve() / "haproxy.cfg"


def pem_path(settings: GatewaySettings) -> Path:
    """The certificate and its key, where it serves TLS."""
    return settings.state.resolve() / "gateway.pem"


def public_key_path(settings: GatewaySettings) -> Path:
    """The key that tokens are signed with, where any are taken."""
    return settings.state.resolve() / "jwt.pem"


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
    known: dict[int, Problem] = {}
    by_kind: dict[str, Problem] = {}
    for problem in problems():
        known.setdefault(problem.status, problem)  # the first of a status is meant
        by_kind[problem.kind] = problem
    in_chunks = min(configuration.request_size_limit, _MAX_CHUNKED_BYTES)
    return environment.get_template("haproxy.cfg.j2").render(
        conf=configuration,
        backends=backends,
        asks_names=any(is_name(t.address) for _, _, own, _, _ in backends for t in own),
        is_name=is_name,
        server_prefix=server_prefix,
        replicas=_REPLICAS,
        problems=[known[status] for status in sorted(_STATUSES)],
        unauthorized=known[401],
        headers_too_large=known[431],
        method_not_allowed=known[405],
        too_many_requests=known[429],
        methods=list(allowed_methods()),
        version_not_supported=known[505],
        version_not_allowed=by_kind["version-not-allowed"],
        unknown_version=by_kind["unknown-version"],
        version_callers=settings.version_callers,
        read_only=by_kind["read-only"],
        read_only_callers=settings.read_only_callers,
        access_log=access_log.socket_path(settings.state),
        bufsize=in_chunks + _HEADERS,
        in_chunks=in_chunks,
        listen=settings.listen,
        tls_listen=settings.tls_listen,
        pem=pem_path(settings),
        jwt=settings,
        public_key=public_key_path(settings),
        routes=_routes(configuration),
        admin_listen=settings.admin_listen,
        status_listen=settings.status_listen,
        socket=_short_enough(socket_path(settings)),
        log_format=_LOG_FORMAT,
    )


def _backends(
    configuration: Configuration,
) -> Iterator[tuple[Service, Upstream, list[Target], list[Target], int]]:
    """Where the requests of each service go in the end: a service that is split has two.

    With the targets of each, and the other version's with their weight, for when none of its own
    can serve.
    """
    splits = {each.service: each for each in configuration.splits}
    for service in configuration.services:
        split = splits.get(service.name)
        if split is None:
            upstream = configuration.upstream(service.upstream)
            yield service, upstream, list(upstream.targets), [], 0
            continue
        everything = configuration.upstream(split.names.upstream).targets
        for name in (split.first, split.rest):
            upstream = configuration.upstream(name)
            version = upstream.targets[0].version
            own = [target for target in everything if target.version == version]
            others = [target for target in everything if target not in own]
            yield service, upstream, own, others, backup_weight(split)


def _routes(configuration: Configuration) -> dict[str, list[str]]:
    """The names of the routes by what they ask for."""
    routes = [each for service in configuration.services for each in service.routes]
    return {
        kind.value: [each.name for each in routes if each.authentication is kind]
        for kind in Authentication
    }


def backup_weight(split: Split) -> int:
    """Of the other version's servers: none where that is to get nothing."""
    return int(0 < split.percent < 100)  # noqa: PLR2004 - percent


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


def _short_enough(path: Path) -> Path:
    """The operating system's limit for the path of a socket is 107 characters, and HAProxy adds."""
    if len(str(path)) > 90:  # noqa: PLR2004 - explained above
        raise ConfigurationError(f"GATEWAY_STATE_DIR is too long a path for a socket: {path}")
    return path
