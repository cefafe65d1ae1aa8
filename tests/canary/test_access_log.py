"""Reading what a gateway logs, as it logs it."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from canary.access_log import AccessLog, Served
from gateway.errors import GatewayError

PROCESSES = {"v1": "user-service-v1", "v2": "user-service-v2"}


def line(version: str = "v1", status: int = 200, milliseconds: int = 5) -> str:
    """As the gateway writes it."""
    entry = {
        "event": "request",
        "status": status,
        "path": '/users/"split":"v9"',
        "split": PROCESSES.get(version, ""),
        "milliseconds": milliseconds,
    }
    return json.dumps(entry, separators=(",", ":")) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log in which something is already."""
    path = tmp_path / "access-a.log"
    path.write_text(line("v2", 500))
    return path


@pytest.fixture
def log(path: Path) -> Iterator[AccessLog]:
    """Its reader."""
    with closing(AccessLog(path.parent, PROCESSES)) as log:
        yield log


def test_only_what_comes_from_now_on_is_read(path: Path, log: AccessLog) -> None:
    """Each request once, and none that was not split, or is another service's."""
    other = line("v1").replace("user-service", "order-service")
    with path.open("a") as file:
        file.write(line("v1") + line("") + other + "no JSON\n" + line("v2", 503, 7))
    assert [*log.read()] == [Served("v1", 200, 5), Served("v2", 503, 7)]
    assert [*log.read()] == []


def test_half_a_line_is_left_until_it_is_whole(path: Path, log: AccessLog) -> None:
    """Whoever writes is not waited for."""
    whole = line("v2")
    with path.open("a") as file:
        file.write(whole[:20])
        file.flush()
        assert [*log.read()] == []
        file.write(whole[20:])
    assert [*log.read()] == [Served("v2", 200, 5)]


def test_a_log_that_is_rotated_is_read_to_its_end(path: Path, log: AccessLog) -> None:
    """And the new one from its beginning."""
    with path.open("a") as file:
        file.write(line("v1", 200, 1))
        path.rename(path.with_name("access-a.log.1"))
        path.write_text(line("v1", 200, 3))
        file.write(line("v1", 200, 2))
    assert [each.milliseconds for each in log.read()] == [1, 2, 3]
    assert [*log.read()] == []


def test_several_gateways_are_read(path: Path, log: AccessLog) -> None:
    """One that starts later, too."""
    (path.parent / "access-b.log").write_text(line("v2"))
    with path.open("a") as file:
        file.write(line("v1"))
    assert [each.version for each in log.read()] == ["v1", "v2"]


def test_without_a_log_it_is_said_what_to_do(tmp_path: Path) -> None:
    """The gateway is older than the command."""
    with pytest.raises(GatewayError, match="restart"):
        AccessLog(tmp_path, PROCESSES)
