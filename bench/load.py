"""One operation of one server under load, through wrk."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench.servers import Server

SCRIPT = Path(__file__).with_name("load.lua")
_GRACE = 30.0  # seconds that wrk may take beyond its own


class LoadError(Exception):
    """There is no load to measure; the message says what to do."""


@dataclass(frozen=True)
class Operation:
    """What is asked: `name` is the operationId, `title` what the table calls it."""

    name: str
    title: str
    service: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return not self.title.startswith("GET")


OPERATIONS = (
    Operation("create_user", "POST /users/", "users"),
    Operation("update_user", "PUT /users/{id}", "users"),
    Operation("create_order", "POST /orders/", "orders"),
    Operation("list_orders", "GET /orders/ (20)", "orders"),
)


@dataclass(frozen=True)
class Sample:
    """One load: requests a second, latencies in ms, and how many requests failed.

    `cpu` are the microseconds of CPU time that the worker took for a request. Failed is a status
    of 400 or above, and no answer.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    failed: int


@dataclass(frozen=True)
class Load:
    """How to load: for how many seconds, how many requests at a time.

    `users` is a file of ids of users, one a line.
    """

    seconds: int
    connections: int
    users: Path


def require_wrk() -> None:
    """Raise LoadError where wrk is missing."""
    if shutil.which("wrk") is None:
        raise LoadError(
            "The load comes from wrk, which is missing. Debian and Ubuntu have it in the package "
            "wrk: sudo apt-get install wrk"
        )


def run(
    server: Server, operation: Operation, tag: str, load: Load, *, has_headers: bool = False
) -> Sample:
    """Load one operation, if need be with keys and with a state that is demanded.

    `tag` becomes part of every e-mail address and key, so that none was ever used before.
    """
    options = ["-t1", f"-c{load.connections}", f"-d{load.seconds}s", "-s", str(SCRIPT)]
    given = {"OPERATION": operation.name, "TAG": tag, "USERS": str(load.users)}
    if has_headers:
        given["HEADERS"] = "yes"
    began = server.cpu_seconds()
    done = subprocess.run(
        ["wrk", *options, server.url],
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=load.seconds + _GRACE,
        check=False,
    )
    if done.returncode != 0 or not done.stdout.endswith("}\n"):
        raise LoadError(f"wrk on {operation.title} failed:\n{done.stdout}{done.stderr}")
    seen = orjson.loads(done.stdout.splitlines()[-1])
    cpu = (server.cpu_seconds() - began) / seen["requests"] * 1e6
    rate = seen["requests"] / seen["microseconds"] * 1e6
    return Sample(rate, seen["p50"] / 1000, seen["p99"] / 1000, cpu, seen["failed"])
