"""What some tests need of the machine; looked for once, before the first of them runs."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.compose.engine import ROOT, STAND_INS, has_images, missing_engine
from tests.deploy.instance import possible

MARKERS = ("docker", "root", "slow")
"""The markers for which `make test` leaves tests out, the one that says most first."""


def missing(items: Iterable[pytest.Item]) -> Mapping[str, Sequence[pytest.Item]]:
    """The tests of `items` that cannot run on this machine, by what is missing."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        if reason := _missing(item):
            found.setdefault(reason, []).append(item)
    return found


def _missing(item: pytest.Item) -> str:
    docker = item.get_closest_marker("docker")
    if docker and (reason := _missing_engine() or _missing_image(docker.args or system_images())):
        return reason
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        return "there is no chromium; run tests/install-tools.sh"
    if item.get_closest_marker("prometheus") and not shutil.which("promtool"):
        return "there is no prometheus; run `python -m local.debian prometheus`"
    if item.get_closest_marker("root") and (impossible := _impossible()):
        return f"{impossible}; run it as root, after tests/install-tools.sh"
    return ""


@cache
def system_images() -> tuple[str, ...]:
    """The images that the system is made of: the stand-ins where the engine has them."""
    if has_images(STAND_INS):
        return STAND_INS
    named = {
        "docker-compose.yml": r"image: ([\w./-]+:[\w.-]+)$",
        "Dockerfile": r"^ARG PYTHON_IMAGE=(\S+)$",
        "kong/Dockerfile": r"^FROM (\S+)",
    }
    return tuple(
        image
        for file, pattern in named.items()
        for image in re.findall(pattern, (ROOT / file).read_text("utf-8"), re.MULTILINE)
    )


@cache
def _missing_engine() -> str:
    if lock := os.environ.get("TEST_IMAGES_LOCK"):  # whoever makes the images holds it meanwhile
        with Path(lock).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
    reason = missing_engine()
    return f"{reason}; install one, and see `docker info`" if reason else ""


@cache
def _missing_image(images: Sequence[str]) -> str:
    """The first image that the engine neither has nor gets."""
    for image in images:
        if has_images([image]):
            continue
        done = subprocess.run(
            ["docker", "pull", "--quiet", image], capture_output=True, check=False
        )
        if done.returncode:
            return f"the engine can get no image {image}; see `docker pull {image}`"
    return ""


@cache
def _impossible() -> str:
    return possible() or ""
