"""HAProxy in Kong's place: its configuration file, written from the parsed kong.yml."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import jinja2

from kong.configuration import Configuration, Problem, Target
from kong.errors import ConfigurationError
from kong.settings import GatewaySettings, LogFormat

LIMITS = (
    "a body sent in chunks is measured by the services, not by the gateway",
    "a path is matched as sent: neither doubled slashes nor %-encoded letters are normalised",
    "a request that is not HTTP at all is refused with HAProxy's own page, not as problem+json",
    "the requests a minute are counted over the last sixty seconds, not by the clock's minute",
)
"""What Kong does and HAProxy does not, in words for the person who starts it."""

_HEAVIEST = 256
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
    upstreams = (replace(u, targets=scaled(u.targets)) for u in configuration.upstreams)
    return environment.get_template("haproxy.cfg.j2").render(
        conf=replace(configuration, upstreams=tuple(upstreams)),
        problems=[_quotable(p) for p in configuration.problems if p.status in _STATUSES],
        listen=settings.listen,
        admin_listen=settings.admin_listen,
        socket=_short_enough(socket_path(settings)),
        log_format=_LOG_FORMATS[_log_format(settings)],
    )


def scaled(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """`targets` with weights in HAProxy's range, in the same proportion.

    Raises ConfigurationError where there is no such proportion.
    """
    common = math.gcd(*(target.weight for target in targets)) or 1
    if max(target.weight for target in targets) <= _HEAVIEST:
        return targets
    if max(target.weight for target in targets) // common > _HEAVIEST:
        raise ConfigurationError(
            f"kong.yml.upstreams: HAProxy's weights end at {_HEAVIEST}, which does not do for "
            + ", ".join(f"{target.address} {target.weight}" for target in targets)
            + ": take another percentage, or as many replicas of one build as of the other"
        )
    return tuple(Target(target.address, target.weight // common) for target in targets)


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
