"""What docker-entrypoint.sh makes of Kong: with a stand-in of its command, before a real nginx.

What of it Kong itself makes, a Kong must say: docs/gateway.md lists it.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.access_log import MAX_BYTES, log_path
from gateway.process import prepare
from gateway.settings import GatewaySettings
from local import leftovers
from local.ports import free_port
from settings.log_format import LogFormat
from tests.gateway.conftest import Services
from tests.gateway.raw import send_without_end
from tests.gateway.running import elsewhere
from tests.waiting import until

_PATH = f"{os.environ['PATH']}:/usr/sbin"
pytestmark = [
    pytest.mark.skipif(elsewhere(), reason="a Kong elsewhere was started elsewhere"),
    pytest.mark.skipif(
        shutil.which("nginx", path=_PATH) is None and "CI" not in os.environ,
        reason="nginx is not installed: tests/install-tools.sh",
    ),
]

FAKE_KONG = Path(__file__).with_name("fake_kong.sh")


@dataclass
class Kong:
    """A stand-in of Kong that answers."""

    settings: GatewaySettings
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the kong command was given."""
        text = (self.settings.state / "kong" / "environment").read_text()
        return dict(line.split("=", 1) for line in text.split("\0") if line)

    def workers(self) -> list[psutil.Process]:
        """Its workers: what rotates the log is none."""
        children = psutil.Process(self.process.pid).children()
        return [each for each in children if each.name() != "bash"]

    def kill_master(self) -> list[psutil.Process]:
        """Kill the master alone; its workers, which go on."""
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        assert all(worker.is_running() for worker in workers)
        return workers


Start = Callable[..., Kong]


@pytest.fixture
def start(services: Services, state: Path) -> Iterator[Start]:
    """Start it in front of the order service; the same settings again are the same gateway."""
    tools = state / "tools"
    tools.mkdir()
    (tools / "kong").symlink_to(FAKE_KONG)
    path = f"{tools}:{_PATH}"
    given = GatewaySettings(
        p_value=50,
        targets={"order-service": (services.orders.address,)},
        listen=f"127.0.0.1:{free_port()}",
        state=state / "gateway",
    )
    started: list[Kong] = []

    def begin(user: int | None = None, **changed: object) -> Kong:
        settings = replace(given, **changed)  # type: ignore[arg-type]
        gateway = prepare(settings, path)
        if user is not None:
            for each in (state, settings.state, *settings.state.iterdir()):
                os.chown(each, user, user)
        log = state / f"log-{len(started)}"
        with log.open("wb") as output:
            if user is not None:
                os.chown(log, user, user)
            process = subprocess.Popen(
                gateway.command,
                env={**gateway.environment, "PATH": path},
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
            )
        started.append(Kong(settings, process, log))

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            with suppress(httpx.TransportError, psutil.NoSuchProcess):
                nginx = [child for child in started[-1].workers() if child.name() == "nginx"]
                return bool(nginx) and httpx.get(settings.url).status_code > 0
            return False

        until(answers, "the gateway answers")
        return started[-1]

    yield begin
    left = [worker for kong in started if kong.process.poll() is None for worker in kong.workers()]
    for kong in started:
        kong.process.kill()
        kong.process.wait()
    for worker in left:
        with suppress(psutil.NoSuchProcess):
            worker.kill()


def entries(kong: Kong) -> list[dict[str, object]]:
    """What it logged of requests, after it has ended."""
    kong.process.send_signal(signal.SIGQUIT)
    kong.process.wait(30)
    lines = kong.log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_nothing_listens_that_was_not_asked_for(start: Start) -> None:
    """Neither Kong Manager nor the status listener; and no answer says what the gateway is."""
    environment = start().environment
    for name in ("KONG_ADMIN_GUI_LISTEN", "KONG_STATUS_LISTEN", "KONG_HEADERS"):
        assert environment[name] == "off"
    assert environment["KONG_ADMIN_LISTEN"] == "127.0.0.1:8001 reuseport"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(("user", "workers"), [(None, "root root"), (65534, None)])
def test_workers_of_root_are_roots(start: Start, user: int | None, workers: str | None) -> None:
    """Another user's could not open the database in a private folder."""
    kong = start(user=user)
    assert kong.environment.get("KONG_NGINX_USER") == workers
    assert {worker.uids().real for worker in kong.workers()} == {user or 0}


def test_a_body_without_an_end_is_refused_at_the_limit(start: Start, services: Services) -> None:
    """By nginx, which reads no more of it, and curl gets one answer although it sends Expect."""
    kong = start(request_size_limit=10_000)
    sent, answer = send_without_end(kong.settings.url, 100_000_000)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert sent < 100_000_000
    command = ["curl", "-si", "-H", "Expect: 100-continue", "--data-binary", "@-"]
    said = subprocess.run(
        [*command, f"{kong.settings.url}/orders/"],
        input=b"x" * 2_000_000,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    assert re.findall(rb"^HTTP/1.1 (\d+)", said, re.MULTILINE) == [b"413"]
    assert {each.method for each in services.orders.received} == {"GET"}


def test_workers_of_a_killed_kong_are_ended_by_the_next_start(start: Start) -> None:
    """They hold the port, which the next one gets."""
    workers = start().kill_master()
    second = start()
    assert leftovers.wait_gone(workers, 0) == []
    assert "ending 2 workers of a Kong that was killed" in second.log.read_text()


def test_workers_of_a_killed_kong_are_ended_by_a_stop(start: Start) -> None:
    """`make stop` finds them, although nginx has written over what they inherited."""
    kong = start()
    workers = kong.kill_master()
    assert leftovers.end(kong.settings.state, 30) == len(workers) == 2
    assert leftovers.wait_gone(workers, 0) == []


def test_a_running_kong_is_left_alone(start: Start) -> None:
    """The next one on its port finds it taken, and has ended none of its workers."""
    first = start()
    workers = first.workers()
    with pytest.raises(AssertionError, match=r"bind\(\) to .* failed"):
        start()
    assert first.workers() == workers
    assert httpx.get(first.settings.url).status_code == httpx.codes.OK


def test_a_request_is_one_line_of_the_log(start: Start, services: Services) -> None:
    """As JSON, whatever the client put into its path and headers."""
    kong = start(log_format=LogFormat.JSON)
    httpx.get(f"{kong.settings.url}/orders/?a=%22", headers={"X-Request-Id": 'quote"\\'})
    (entry,) = [each for each in entries(kong) if each["path"] == "/orders/"]
    assert entry["event"] == "request"
    assert not str(entry["timestamp"]).endswith("+00:00")  # Z, as the stand-in writes it
    assert (entry["status"], entry["method"]) == (200, "GET")
    assert (entry["version"], entry["target"]) == ("order", services.orders.address)
    assert entry["request_id"] == 'quote"\\'


def test_times_in_the_log_are_milliseconds(start: Start, services: Services) -> None:
    """Of the whole request and of the service; -1 where none was asked."""
    services.orders.behaviour.before_answer = lambda: threading.Event().wait(1.05)
    kong = start(log_format=LogFormat.JSON)
    httpx.get(f"{kong.settings.url}/orders/", timeout=30)
    httpx.get(f"{kong.settings.url}/nothing")
    found = {each["path"]: each for each in entries(kong)}
    slow, none = found["/orders/"], found["/nothing"]
    assert 1_000 < int(str(slow["service_milliseconds"])) <= int(str(slow["milliseconds"])) + 1
    assert none["service_milliseconds"] == -1
    assert int(str(none["milliseconds"])) < 1_000


def test_what_is_not_http_is_a_line_of_json_too(start: Start) -> None:
    """With what nginx knows of it."""
    kong = start(log_format=LogFormat.JSON)
    address = httpx.URL(kong.settings.url)
    with socket.create_connection((address.host, address.port or 80), timeout=30) as connection:
        connection.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert b" 400 " in connection.recv(65536)
    assert [each["status"] for each in entries(kong)][-1] == 400


def test_people_get_lines_for_people(start: Start) -> None:
    """Where the settings ask for them."""
    kong = start(log_format=LogFormat.CONSOLE)
    httpx.get(f"{kong.settings.url}/orders/")
    assert entries(kong) == []
    assert re.search(r"^\S+ 200 GET /orders/ .* ms ", kong.log.read_text(), re.MULTILINE)


def test_a_rollout_reads_a_file_that_does_not_grow(start: Start) -> None:
    """As JSON whatever people are shown; nginx begins a new one where it has become too large."""
    kong = start(log_format=LogFormat.CONSOLE)
    httpx.get(f"{kong.settings.url}/orders/")
    log = log_path(kong.settings.state)
    first = log.stat().st_ino
    assert any(json.loads(line)["split"] == "" for line in log.read_text().splitlines())
    assert log.stat().st_mode & 0o777 == 0o600
    with log.open("ab") as file:
        file.truncate(MAX_BYTES + 1)
    until(lambda: log.exists() and log.stat().st_ino != first, "a new one is begun")
    httpx.get(f"{kong.settings.url}/orders/again")
    until(lambda: "/orders/again" in log.read_text(), "the new one is written to")
    assert log.with_name(f"{log.name}.1").stat().st_ino == first
    assert log.stat().st_mode & 0o777 == 0o600
