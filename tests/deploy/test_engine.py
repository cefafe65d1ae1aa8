"""What is made of what the engine says, with a script in docker's place."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.certificate import certificate
from deploy.commands import Commands
from deploy.compose import Compose
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.release import release, take_settings
from deploy.report import Report
from deploy.settings import settings
from deploy.stack import Stack
from deploy.state import Place
from deploy.swarm import Swarm
from deploy.tasks import Tasks
from tests.deploy.test_parts import EXAMPLE, sent


def _docker(folder: Path, script: str) -> dict[str, str]:
    """Variables with which `docker` is `script`."""
    program = folder / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def _compose(layout: Layout, report: Report, **variables: str) -> Compose:
    settings(layout.settings, EXAMPLE)
    certificate(layout, Commands(report))
    sent(layout, "one")
    return Compose(release(layout, Place("one", take_settings(layout))), report, **variables)


UNREACHED = "failed to do request: Head: dial tcp 127.0.0.1:5000: connect: connection refused"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f"failed to resolve source metadata for r:5000/python:3: {UNREACHED}",
            "^the base image r:5000/python:3 could not be pulled: .*refused. Let this server reach",
        ),
        ("failed to solve: process did not complete successfully: exit code: 7", "failed:\n"),
    ],
)
def test_a_build_tells_a_base_image_that_cannot_be_pulled_in_one_line(
    layout: Layout, report: Report, tmp_path: Path, said: str, told: str
) -> None:
    """With what to do; what fails otherwise shows the end of its output."""
    docker = _docker(tmp_path, f"echo first; echo '{said}' >&2; exit 17")
    with pytest.raises(DeployError, match=told) as caught:
        _compose(layout, report, **docker).build("mongodb-setup")
    assert ("\n" in str(caught.value)) == ("exit code" in said)


def test_a_machine_without_services_has_no_tasks(report: Report, tmp_path: Path) -> None:
    """Nothing is inspected then."""
    docker = _docker(tmp_path, '[ "$1 $2" = "service ls" ]')
    assert Tasks(Commands(report, docker)).all() == []


@pytest.mark.parametrize(
    ("state", "live_restore", "told"),
    [
        ("inactive", "true", 'set "live-restore": false in /etc/docker/daemon.json'),
        ("active", "false", "this machine is a worker of a Swarm: deploy on a manager"),
    ],
)
def test_an_engine_that_can_be_no_swarm_is_told_what_to_do(
    report: Report, tmp_path: Path, state: str, live_restore: str, told: str
) -> None:
    """Before anything is changed."""
    info = (
        f'{{"Swarm": {{"LocalNodeState": "{state}", "ControlAvailable": false}}, '
        f'"LiveRestoreEnabled": {live_restore}, "SecurityOptions": []}}'
    )
    docker = _docker(tmp_path, f"echo '{info}'")
    with pytest.raises(DeployError, match=told):
        Swarm(Commands(report, docker), report).check()


def test_a_secret_without_a_value_is_named(layout: Layout, report: Report, tmp_path: Path) -> None:
    """With the file that is to have it."""
    docker = _docker(
        tmp_path,
        """echo '{"name": "aware", "services": {}, "networks": {},
        "secrets": {"REDIS_PASSWORD": {"file": "/nowhere"}}}'""",
    )
    settings(layout.settings, EXAMPLE)
    certificate(layout, Commands(report))
    sent(layout, "one")
    one = release(layout, Place("one", take_settings(layout)))
    file = one.settings.with_name("REDIS_PASSWORD")
    secrets = f'{{"REDIS_PASSWORD": {{"file": "{file}"}}}}'
    read = f'{{"name": "aware", "services": {{}}, "networks": {{}}, "secrets": {secrets}}}'
    docker = _docker(tmp_path, f"echo '{read}'")
    with pytest.raises(DeployError, match=r"aware\.env: REDIS_PASSWORD is not set"):
        _ = Stack(replace(one, environment=docker), report).services
