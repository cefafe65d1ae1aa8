"""Specs to change."""

import shutil
from pathlib import Path

import pytest

from generate.node import install_packages

ROOT = Path(__file__).parents[2]


@pytest.fixture
def specs_alone(tmp_path: Path) -> Path:
    """A repository with the specs of this one, its tools, and nothing else."""
    install_packages(ROOT)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    for name in ("package-lock.json", "node_modules"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path
