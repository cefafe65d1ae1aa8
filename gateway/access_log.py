"""The access log of the stand-in: HAProxy sends each line to a socket, and this writes it.

`python -m gateway.access_log STATE FORMAT COMMAND…` becomes the command, with a process beside it
that takes the lines, writes them to a file in the state folder, which is rotated, and shows them.
"""

import logging
import os
import socket
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import orjson

from gateway.errors import ConfigurationError
from gateway.settings import GatewaySettings
from settings.log_format import LogFormat

MAX_BYTES = 16 * 1_048_576
"""Of a file; there is one older beside it. docker-entrypoint.sh does the same with Kong's."""

_SECONDS = 1.0
_LONGEST_LINE = 65_536
_BUFFER = 4 * 1_048_576


def log_path(state: Path) -> Path:
    """The file: several gateways may keep their state in one folder."""
    return state / f"access-{socket.gethostname()}.log"


def socket_path(state: Path) -> Path:
    """Where HAProxy sends its lines.

    Raises:
        ConfigurationError: The path is longer than a socket's may be.
    """
    path = state.resolve() / "access.sock"
    if len(str(path)) > 100:  # noqa: PLR2004 - the operating system's limit is 107
        raise ConfigurationError(f"GATEWAY_STATE_DIR is too long a path for a socket: {path}")
    return path


def with_access_log(settings: GatewaySettings, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command that becomes `command`, with its access log beside it."""
    return (
        *(sys.executable, "-m", "gateway.access_log"),
        *(str(settings.state.resolve()), settings.log_format.value),
        *command,
    )


def run(state: Path, log_format: LogFormat, command: list[str]) -> None:
    """Start what writes the log, and become the command."""
    path = socket_path(state)
    path.unlink(missing_ok=True)
    lines = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    lines.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    lines.bind(str(path))
    path.chmod(0o600)
    gateway = os.getpid()
    if os.fork():
        lines.close()
        os.execvp(command[0], command)  # noqa: S606 - no shell in between
    os.setsid()  # a signal to the gateway's group is not for what takes its last lines
    os.umask(0o077)  # the log is for nobody else's eyes, and so is each that follows it
    if log_format is LogFormat.AUTO:
        log_format = LogFormat.CONSOLE if sys.stdout.isatty() else LogFormat.JSON
    _write(lines, log_path(state), log_format, gateway)


def _write(lines: socket.socket, path: Path, log_format: LogFormat, gateway: int) -> None:
    """Write what comes, for as long as the gateway lives, and what it has sent before it ended."""
    handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    path.chmod(0o600)
    lines.settimeout(_SECONDS)
    while True:
        alive = os.getppid() == gateway
        try:
            line = lines.recv(_LONGEST_LINE).rstrip(b"\n\0").decode("utf-8", "replace")
        except TimeoutError:
            if not alive:
                return
            continue
        if not line.startswith("{"):  # what HAProxy says of itself, which it shows anyway
            continue
        handler.emit(logging.makeLogRecord({"msg": line}))
        with suppress(OSError):  # nobody looks on any more
            shown = line if log_format is LogFormat.JSON else _for_people(line)
            os.write(1, f"{shown}\n".encode())


def _for_people(line: str) -> str:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return line
    first = "{timestamp} {status} {method} {path} {operation} caller={caller} version={version}"
    rest = "{target} {milliseconds} ms service={service_milliseconds} ms request_id={request_id}"
    return f"{first} {rest}".format(**entry)


if __name__ == "__main__":
    run(Path(sys.argv[1]), LogFormat(sys.argv[2]), sys.argv[3:])
