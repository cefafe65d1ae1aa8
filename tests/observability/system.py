"""A running system under a light load, and a Prometheus beside it for which time runs faster."""

import itertools
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local import prometheus
from local.parts import every
from local.ports import Ports
from local.stack import Stack
from models.fields.user import User
from observability.scraping import EXPORTER
from tests.waiting import until

HASTE = 30
"""So many times faster than in production: scrapes, `for`, and the ranges of queries."""

_INTERVAL = "1500ms"
"""Between two scrapes: not that much faster, for one takes its time while something is down."""

_DURATION = re.compile(r"((?:for|interval): |\[|offset )(\d+)([smh])\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_PAUSE_SECONDS = 0.05


def hurried(rules: str, haste: int = HASTE) -> str:
    """The rules, or a query, with every duration divided."""

    def shorter(found: re.Match[str]) -> str:
        milliseconds = int(found[2]) * _SECONDS[found[3]] * 1000 // haste
        return f"{found[1]}{milliseconds}ms"

    return _DURATION.sub(shorter, rules)


@dataclass(frozen=True)
class Observed:
    """The system, and what Prometheus says of it. `backups` is the folder that it looks into.

    `began` is when it was made, in seconds since 1970.
    """

    stack: Stack
    backups: Path
    began: float = field(default_factory=time.time)

    def query(self, expression: str, **when: float) -> list[dict[str, Any]]:
        """What an instant query finds, or a range query where `start`, `end`, `step` are given."""
        path = "query_range" if when else "query"
        url = f"{self.stack.ports.url('prometheus')}/api/v1/{path}"
        parameters: Mapping[str, Any] = {"query": expression, **when}
        answer = httpx.post(url, data=parameters, timeout=30, trust_env=False).json()
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def firing(self) -> set[tuple[str, str]]:
        """Each alert that fires now, with its job; an empty one where it has none."""
        url = f"{self.stack.ports.url('prometheus')}/api/v1/alerts"
        alerts = httpx.get(url, timeout=30, trust_env=False).json()["data"]["alerts"]
        found = (each["labels"] for each in alerts if each["state"] == "firing")
        return {(each["alertname"], each.get("job", "")) for each in found}

    def fires(self, alert: str) -> bool:
        """Whether an alert of that name fires, for whatever."""
        return any(name == alert for name, _ in self.firing())

    def back_up(self) -> None:
        """Write a backup by the command that an operator types."""
        self.backups.mkdir(exist_ok=True)
        file = self.backups / f"{time.time_ns()}.zip"
        self.command("backup-reader", "backup", str(file))

    def command(self, login: str, *arguments: str) -> str:
        """What a command of ours prints, run with the logins of a part."""
        done = subprocess.run(
            [".venv/bin/python", "-m", "aware", *arguments],
            env=self.stack.environment(login),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def observed(folder: Path, *, haste: int = HASTE, extra: Mapping[str, str]) -> Iterator[Observed]:
    """The whole system with the exporter, under load, and Prometheus."""
    backups = folder / "backups"
    given = {**extra, "BACKUPS_DIR": str(backups)}
    stack = Stack(folder / "state", Ports.free(), 50, (*every(), EXPORTER), given)
    found = Observed(stack, backups)
    stack.start()
    try:
        with _prometheus(stack, haste), _load(stack):
            yield found
    finally:
        stack.stop()


@contextmanager
def _prometheus(stack: Stack, haste: int) -> Iterator[None]:
    """As the part of the system has it, but for the time."""
    folder = stack.state / "prometheus"
    rules = hurried(prometheus.RULES_FILE.read_text("utf-8"), haste)
    prometheus.write_configuration(folder, stack.ports, rules, _INTERVAL)
    with (stack.logs / "prometheus.log").open("w") as log:
        command = prometheus.command(folder, stack.ports)
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: prometheus.healthy(stack.ports), "Prometheus is ready")
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _load(stack: Stack) -> Iterator[None]:
    """Changes of users and looks at orders, some tens in a second, through the gateway."""
    end = threading.Event()

    def send(number: int) -> None:
        with httpx.Client(base_url=stack.ports.url("gateway"), timeout=30, trust_env=False) as http:
            for turn in itertools.count():
                if end.wait(_PAUSE_SECONDS):
                    return
                try:
                    user = f"u{turn % 5 + 1}"
                    change = {User.emails: [f"{user}.{number}@example.com"]}
                    http.put(f"/users/{user}", json=change)
                    http.get("/orders/", params={"limit": 1})
                except httpx.HTTPError:
                    continue  # it is broken on purpose

    threads = [threading.Thread(target=send, args=[number]) for number in range(2)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        end.set()
        for each in threads:
            each.join()
