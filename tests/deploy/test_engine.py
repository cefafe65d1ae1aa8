"""What is made of what the engine says, with a script in docker's place."""

import os
from pathlib import Path

import pytest

from deploy.certificate import certificate
from deploy.commands import Commands
from deploy.compose import Compose
from deploy.containers import Containers
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.release import release, take_settings
from deploy.report import Report
from deploy.settings import settings
from deploy.state import Place
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


def test_a_machine_without_containers_has_none(report: Report, tmp_path: Path) -> None:
    """Nothing is inspected then."""
    docker = _docker(tmp_path, '[ "$1" = ps ]')
    assert Containers(Commands(report, docker)).all() == []
