"""`python -m aware up`, `start`, `stop`, `status` and `logs`, as a person types them."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local import leftovers
from local.parts import every, http_processes
from local.ports import Ports, names, taken, variable
from local.stack import ROOT, Stack
from tests.waiting import until

_PATIENCE = 300.0  # seconds


@pytest.fixture
def ports() -> Ports:
    """Ports on which nothing listens."""
    return Ports.free()


@pytest.fixture
def shell(tmp_path: Path, ports: Ports) -> Iterator[dict[str, str]]:
    """The variables of a shell; what is started from it is stopped after the test."""
    state = tmp_path / "state"
    given = {variable(name): str(ports[name]) for name in names()}
    yield {**os.environ, **given, "AWARE_STATE": str(state), "P_VALUE": "30"}
    Stack(state, ports, 30).stop()


def _aware(shell: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "aware", *arguments],
        cwd=ROOT,
        env=dict(shell),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )


def _state(shell: Mapping[str, str]) -> Path:
    return Path(shell["AWARE_STATE"])


def _assert_nothing_is_left(shell: Mapping[str, str], ports: Ports) -> None:
    assert leftovers.find(_state(shell)) == []
    assert [name for name in names() if taken(ports[name])] == []


def test_start_status_and_stop_of_the_whole_system(shell: dict[str, str], ports: Ports) -> None:
    """The day of a person who tries it out."""
    started = _aware(shell, "start")
    assert started.returncode == 0, started.stderr
    for name in ("gateway", *http_processes()):
        assert ports.url(name) in started.stdout
    assert f"{ports.url('order-service')}/ui/" in started.stdout
    assert re.search("30 % +of the user requests go to version 1", started.stdout)
    requests = re.findall(r"^curl .*", started.stdout, re.MULTILINE)
    answers = [
        subprocess.check_output(request, shell=True, text=True, stderr=subprocess.DEVNULL)  # noqa: S602 - pasted into a shell is what they are for
        for request in requests
    ]
    statuses = [answer.split()[1] for answer in answers]
    assert statuses == ["201", "200", "200", "201", "200", "200", "200"]

    status = _aware(shell, "status")
    assert status.returncode == 0
    rows = [line.split() for line in status.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == [*every()]
    assert {row[1] for row in rows} == {"healthy", "done"}

    again = _aware(shell, "start")
    assert again.returncode == 1
    assert "already running" in again.stderr
    assert "Traceback" not in again.stderr

    stopped = _aware(shell, "stop")
    assert stopped.returncode == 0, stopped.stderr
    _assert_nothing_is_left(shell, ports)

    system = Stack(_state(shell), ports, 30)
    logs = "".join(log.read_text("latin-1") for log in system.logs.iterdir())
    shown = started.stdout + status.stdout + stopped.stdout + logs
    known = system._wiring.passwords.items()
    assert [name for name, password in known if password in shown] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_up_and_everything_that_it_started(
    shell: dict[str, str], ports: Ports, number: signal.Signals, tmp_path: Path
) -> None:
    """While it starts: Ctrl-C, `kill`, and a terminal that is closed."""
    with (tmp_path / "said").open("w") as said:
        up = subprocess.Popen(
            [sys.executable, "-m", "aware", "up"], cwd=ROOT, env=shell, stdout=said, stderr=said
        )
        until(lambda: taken(ports.mongodb), "MongoDB listens")
        up.send_signal(number)
        status = up.wait(_PATIENCE)
    assert status == 1
    assert "Interrupted; everything is stopped." in (tmp_path / "said").read_text()
    _assert_nothing_is_left(shell, ports)


@pytest.mark.slow
def test_ctrl_c_ends_a_running_system_even_without_a_terminal(
    shell: dict[str, str], ports: Ports
) -> None:
    """Its output goes into a pipe whose reader has gone; the stopping goes on all the same."""
    with subprocess.Popen(
        [sys.executable, "-m", "aware", "up"],
        cwd=ROOT,
        env=shell,
        stdout=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout
        for line in up.stdout:
            if "Ctrl-C" in line:
                break
        up.stdout.close()
        up.send_signal(signal.SIGINT)
        up.send_signal(signal.SIGINT)
        assert up.wait(_PATIENCE) == 0
    _assert_nothing_is_left(shell, ports)


@pytest.mark.slow
def test_up_ends_when_its_terminal_is_closed_and_no_signal_comes(
    shell: dict[str, str], ports: Ports, tmp_path: Path
) -> None:
    """Where make leads the terminal's session, make alone gets the signal."""
    said = tmp_path / "said"
    ours, theirs = pty.openpty()
    with said.open("w") as out:
        up = subprocess.Popen(
            [sys.executable, "-m", "aware", "up"],
            cwd=ROOT,
            env=shell,
            stdin=theirs,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        os.close(theirs)
        until(lambda: "Ctrl-C" in said.read_text(), "it says how to stop", _PATIENCE)
        os.close(ours)
        assert up.wait(_PATIENCE) == 0
    _assert_nothing_is_left(shell, ports)


@pytest.mark.slow
def test_up_ends_when_the_system_is_stopped_from_elsewhere(
    shell: dict[str, str], ports: Ports, tmp_path: Path
) -> None:
    """It says so, and that is no failure."""
    with (tmp_path / "said").open("w+") as said:
        up = subprocess.Popen(
            [sys.executable, "-m", "aware", "up"], cwd=ROOT, env=shell, stdout=said, stderr=said
        )
        until(lambda: "Ctrl-C" in (tmp_path / "said").read_text(), "it says so", _PATIENCE)
        assert _aware(shell, "stop").returncode == 0
        assert up.wait(_PATIENCE) == 0
    assert "Stopped from elsewhere." in (tmp_path / "said").read_text()
    _assert_nothing_is_left(shell, ports)


def test_a_taken_port_is_one_message_and_status_1(shell: dict[str, str], ports: Ports) -> None:
    """With number, purpose, process and variable, and without a traceback."""
    with socket.create_server(("127.0.0.1", ports.gateway)):
        refused = _aware(shell, "start")
    assert refused.returncode == 1
    assert f"Port {ports.gateway}, for the gateway, is taken by process {os.getpid()}" in (
        refused.stderr
    )
    assert "GATEWAY_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    _assert_nothing_is_left(shell, ports)


@pytest.mark.parametrize("value", ["-1", "101", "7O", "0.5"])
def test_a_share_that_is_none_is_refused(shell: dict[str, str], value: str) -> None:
    """P is a whole number of per cent."""
    refused = _aware(shell | {"P_VALUE": value}, "start")
    assert refused.returncode == 1
    assert f"P_VALUE must be a whole number from 0 to 100, not {value!r}" in refused.stderr


def test_status_where_nothing_runs_says_so(shell: dict[str, str]) -> None:
    """A script sees it by the status."""
    status = _aware(shell, "status")
    assert status.returncode == 1
    assert f"Nothing runs in {shell['AWARE_STATE']}" in status.stderr


def test_stop_where_nothing_runs_is_no_failure(shell: dict[str, str]) -> None:
    """The aim is reached."""
    stopped = _aware(shell, "stop")
    assert stopped.returncode == 0
    assert "Nothing runs" in stopped.stdout


def test_the_log_of_a_part_that_never_ran_is_one_message(shell: dict[str, str]) -> None:
    """It names the part."""
    logs = _aware(shell, "logs", "kong")
    assert logs.returncode == 1
    assert "kong has never been started" in logs.stderr


def test_the_log_of_an_unknown_part_names_the_known_ones(shell: dict[str, str]) -> None:
    """A slip of the fingers."""
    logs = _aware(shell, "logs", "kongo")
    assert logs.returncode == 2
    assert "order-consumer" in logs.stderr
