"""`make up OBSERVABILITY=true`: Prometheus and the exporter are parts of the system."""

import os
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from local.commands import configured
from local.parts import OBSERVABILITY, every, http_processes
from local.ports import Ports
from local.stack import Stack
from settings.environment import SettingError
from tests.documentation.pages import ROOT
from tests.waiting import until


@pytest.mark.prometheus
def test_both_start_with_the_system_and_end_with_it(tmp_path: Path) -> None:
    """On loopback, with the rules, and with every part that runs among the targets."""
    parts = ("mongodb", "mongodb-setup", *http_processes(), *OBSERVABILITY)
    system = Stack(tmp_path / "state", Ports.free(), 50, parts)
    system.start()
    try:
        api = f"{system.ports.url('prometheus')}/api/v1"

        def up() -> set[str]:
            found = httpx.get(f"{api}/query", params={"query": "up == 1"}, trust_env=False).json()
            return {each["metric"]["job"] for each in found["data"]["result"]}

        expected = {*http_processes(), *OBSERVABILITY}
        until(lambda: up() == expected, "what runs is up")
        groups = httpx.get(f"{api}/rules", trust_env=False).json()["data"]["groups"]
        assert all(rule["health"] == "ok" for group in groups for rule in group["rules"])
        listening = system.process("prometheus").net_connections("tcp")
        addresses = {each.laddr.ip for each in listening if each.status == psutil.CONN_LISTEN}
        assert addresses == {"127.0.0.1"}
        processes = [system.process(each) for each in OBSERVABILITY]
        assert [*map(str, Stack.running(system.state).parts)] == [*parts]
    finally:
        system.stop()
    assert not any(each.is_running() for each in processes)


def test_they_are_parts_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a variable, and by no other value of it."""
    monkeypatch.delenv("OBSERVABILITY", raising=False)
    assert configured().parts == every()
    monkeypatch.setenv("OBSERVABILITY", "true")
    assert configured().parts == (*every(), *OBSERVABILITY)
    monkeypatch.setenv("OBSERVABILITY", "yes")
    with pytest.raises(SettingError, match="OBSERVABILITY must be true or false, not 'yes'"):
        configured()


@pytest.mark.parametrize("asked", ["true", "false"])
def test_make_installs_prometheus_where_it_is_asked_for(asked: str) -> None:
    """And not on every machine."""
    command = ["make", "--dry-run", "--no-print-directory", "up", f"OBSERVABILITY={asked}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("local.debian prometheus" in done.stdout) == (asked == "true")


def test_the_exporter_refuses_a_wrong_setting_in_a_line() -> None:
    """Its name is said."""
    done = subprocess.run(
        [".venv/bin/python", "-m", "aware", "exporter"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "P_VALUE": "101"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("aware: P_VALUE must be a whole number from 0 to 100")
