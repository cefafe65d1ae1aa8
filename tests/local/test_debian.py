"""What comes from Debian, on a machine that lacks it: apt and the rest are stand-ins."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local import debian
from local.errors import MissingError


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, with the few tools that the installer uses."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "mv", "rm", "chmod", "true"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    _tool(folder, "update-rc.d", "exit 0")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("POLICY_RC_D", str(tmp_path / "policy-rc.d"))
    return folder


def _tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def _policy(tmp_path: Path) -> Path:
    return tmp_path / "policy-rc.d"


def test_what_is_missing_is_named() -> None:
    """In the order of the table, and nothing else."""
    packages = {"a": lambda: False, "b": lambda: True, "c": lambda: False}
    assert debian.missing(packages) == ["a", "c"]


def test_nothing_is_missing_where_the_tests_run() -> None:
    """Else the other tests of this folder could not pass."""
    assert debian.missing() == []


def test_without_root_the_message_says_what_to_type(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sudo, no root: nothing is tried."""
    _tool(machine, "apt-get", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingError, match=r"sudo sh /.*install-debian\.sh haproxy libcurl4"):
        debian.install(["haproxy", "libcurl4"], tmp_path / "log")


def test_sudo_without_a_password_is_used(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only such: a question nobody sees would hang."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = tmp_path / "said"
    _tool(machine, "apt-get", f'echo "$@" >> {said}')
    _tool(machine, "sudo", f'echo sudo "$1" >> {said}; shift; exec "$@"')
    debian.install(["haproxy"], tmp_path / "log")
    assert said.read_text().splitlines() == [
        "sudo -n",
        "sudo -n",
        "update -q -o DPkg::Lock::Timeout=300",
        "install -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends haproxy",
    ]


def test_a_machine_without_apt_is_told_what_to_install(
    machine: Path,  # noqa: ARG001 - its PATH has no apt-get
    tmp_path: Path,
) -> None:
    """Another distribution has the same things under its own names."""
    with pytest.raises(MissingError, match="rabbitmq-server"):
        debian.install(["rabbitmq-server"], tmp_path / "log")


def test_daemons_are_forbidden_during_the_install_and_allowed_after_it(
    machine: Path, tmp_path: Path
) -> None:
    """apt-get sees a policy that refuses; afterwards there is none, as before."""
    policy, seen = _policy(tmp_path), tmp_path / "seen"
    _tool(machine, "apt-get", f'"{policy}"; echo $? >> {seen}')
    debian.install(["haproxy"], tmp_path / "log")
    assert seen.read_text().split() == ["101", "101"]
    assert not policy.exists()


@pytest.mark.parametrize("outcome", ["exit 0", "exit 100", "kill -TERM $PPID"])
def test_the_machines_own_policy_comes_back_whatever_happens(
    machine: Path, tmp_path: Path, outcome: str
) -> None:
    """Also after a failure and after a signal."""
    policy = _policy(tmp_path)
    policy.write_text("the machine's own")
    _tool(machine, "apt-get", outcome)
    subprocess.run(["sh", str(debian._INSTALLER), "haproxy"], check=False, capture_output=True)
    assert policy.read_text() == "the machine's own"
    assert [file.name for file in tmp_path.glob("policy*")] == [policy.name]


@pytest.mark.parametrize("own", ["the machine's own", None])
def test_the_machines_own_policy_comes_back_after_a_kill(
    machine: Path, tmp_path: Path, own: str | None
) -> None:
    """At the next install, since a kill leaves no time."""
    policy = _policy(tmp_path)
    if own:
        policy.write_text(own)
    command = ["sh", str(debian._INSTALLER), "haproxy"]
    _tool(machine, "apt-get", "kill -KILL $PPID")
    subprocess.run(command, check=False, capture_output=True)
    assert "101" in policy.read_text()
    _tool(machine, "apt-get", "exit 0")
    subprocess.run(command, check=True, capture_output=True)
    assert (policy.read_text() if policy.exists() else None) == own


def test_a_failed_install_shows_the_end_of_its_log(machine: Path, tmp_path: Path) -> None:
    """No network, a held lock: apt says it, we pass it on."""
    _tool(machine, "apt-get", "echo 'E: Could not get lock'; exit 100")
    with pytest.raises(MissingError, match=r"(?s)haproxy.*E: Could not get lock"):
        debian.install(["haproxy"], tmp_path / "log")
