"""What the stand-in logs of each request; of Kong's log test_entry_point.py."""

import json
import re
from pathlib import Path

import httpx
import pytest

from gateway.access_log import MAX_BYTES, log_path
from gateway.process import ENTRY_POINT
from gateway.settings import ApiKey
from settings.log_format import LogFormat
from tests.gateway.conftest import Services, Start
from tests.gateway.running import Running, elsewhere
from tests.waiting import until

HERE = pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere writes its log elsewhere")


def entries(log: Path, path: str) -> list[dict[str, object]]:
    """Its lines of JSON about requests, when the one about `path` has come."""

    def written() -> list[dict[str, object]]:
        lines = [line for line in log.read_text().splitlines() if '"request"' in line]
        return [json.loads(line) for line in lines]

    until(lambda: any(str(each["path"]).startswith(path) for each in written()), path)
    return written()


def logged(gateway: Running) -> Path:
    """The file that a rollout reads."""
    return log_path(gateway.settings.state)


@pytest.mark.parametrize("log_format", LogFormat)
def test_the_gateway_starts_with_every_form_of_log(start: Start, log_format: LogFormat) -> None:
    """For people, for machines, or whichever fits; it answers with each."""
    gateway = start(log_format=log_format)
    assert gateway.stop() in {0, None}


@HERE
def test_a_request_is_one_line_of_the_log(start: Start, services: Services) -> None:
    """Who called what, where it went, and how long both took, whatever the client sent."""
    gateway = start(api_keys=(ApiKey("shop", "k" * 20),))
    httpx.get(f"{gateway.url}/orders/%22", headers={"X-Request-Id": 'quote"\\'})
    headers = {"X-Request-Id": "mine-1", "apikey": "k" * 20, "X-Consumer-Username": "root"}
    httpx.get(f"{gateway.url}/orders/?a=%22", headers=headers)
    gateway.stop()
    entry = entries(gateway.log, "/orders/")[-1]
    assert isinstance(entry["milliseconds"], int)
    assert isinstance(entry["service_milliseconds"], int)
    assert 0 <= entry["service_milliseconds"] <= entry["milliseconds"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(entry["timestamp"]))
    for name, value in {
        "event": "request",
        "status": 200,
        "method": "GET",
        "path": "/orders/",
        "operation": "list_orders",
        "caller": "shop",
        "version": "order",
        "target": services.orders.address,
        "request_id": "mine-1",
    }.items():
        assert entry[name] == value


@HERE
def test_a_request_that_is_refused_is_a_line_too(start: Start) -> None:
    """Nobody called, and no service was asked."""
    gateway = start(api_keys=(ApiKey("shop", "k" * 20),))
    httpx.put(f"{gateway.url}/users/u1", headers={"X-Consumer-Username": "root"})
    gateway.stop()
    entry = entries(gateway.log, "/users/u1")[-1]
    assert (entry["status"], entry["caller"], entry["operation"]) == (401, "", "update_user")
    assert (entry["version"], entry["service_milliseconds"]) == ("", -1)


@HERE
def test_kong_and_the_stand_in_log_the_same(start: Start) -> None:
    """By the names of what they log."""
    gateway = start()
    httpx.get(f"{gateway.url}/orders/")
    gateway.stop()
    kongs = ENTRY_POINT.with_name("access_log.conf").read_text()
    assert list(entries(gateway.log, "/orders/")[-1]) == re.findall(r'"(\w+)":', kongs)


@HERE
@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_file_has_what_the_split_chose(start: Start, log_format: LogFormat) -> None:
    """Always as JSON, for nobody else's eyes; what is not split says nothing of it."""
    gateway = start(p_value=100, log_format=log_format)
    httpx.put(f"{gateway.url}/users/u1", json={})
    httpx.get(f"{gateway.url}/orders/")
    split, other = entries(logged(gateway), "/orders/")[-2:]
    assert (split["split"], split["version"], other["split"]) == ("user-service-v1", "v1", "")
    assert logged(gateway).stat().st_mode & 0o777 == 0o600


@HERE
def test_the_file_is_bounded(start: Start) -> None:
    """One older file is beside it, and both are for nobody else's eyes."""
    gateway = start()
    log = logged(gateway)
    with log.open("ab") as file:
        file.truncate(MAX_BYTES - 1)
    httpx.get(f"{gateway.url}/orders/")
    older = log.with_name(f"{log.name}.1")
    # Between the old file's new name and the new file there is neither for a moment.
    until(lambda: older.exists() and log.exists(), "it is rotated")
    assert entries(log, "/orders/")
    assert log.stat().st_size < MAX_BYTES
    assert {file.stat().st_mode & 0o777 for file in (log, older)} == {0o600}


@HERE
def test_the_log_ends_with_the_gateway(start: Start) -> None:
    """What writes it is no process of its own."""
    gateway = start()
    assert gateway.process is not None
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
    (writer,) = children.read_text().split()
    gateway.stop()
    until(lambda: not Path(f"/proc/{writer}").exists(), "the writer has ended")
