"""Specs to change."""

from pathlib import Path

import pytest

from generate.node import install_packages
from tests.declaring import copy_declared

ROOT = Path(__file__).parents[2]


@pytest.fixture
def specs_alone(tmp_path: Path) -> Path:
    """A repository with what is declared in this one, its tools, and nothing else."""
    install_packages(ROOT)
    copy_declared(tmp_path)
    for name in ("package-lock.json", "node_modules"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path
