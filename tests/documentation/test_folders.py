"""Folders: what each is, and which may import which."""

import re
import subprocess
import sys
import tomllib

from tests.documentation.pages import ROOT, read, tracked

_LINTER = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]
LAYERS, ALONE = _LINTER["contracts"]


def _layers() -> list[set[str]]:
    return [set(each.split(" | ")) for each in LAYERS["layers"]]


def _listed(heading: str) -> list[str]:
    """The folders of the first table after the heading."""
    _, _, after = read("docs/architecture.md").partition(heading)
    rows = after.lstrip().split("| --- | --- |\n")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)/` \|", rows, re.MULTILINE)


def test_a_folder_imports_only_what_is_below_it() -> None:
    """As `pyproject.toml` lists them; a broken rule is told with the line of the import."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_folder_of_python_has_its_layer() -> None:
    """And all of them are looked at."""
    packages = {name.split("/")[0] for name in tracked() if name.endswith("/__init__.py")}
    alone = {*ALONE["source_modules"], "migrations", "tests"}
    assert set.union(*_layers()) == packages - alone
    assert {*_LINTER["root_packages"]} == packages - {"migrations", "tests"}
    assert {*ALONE["forbidden_modules"]} == packages - alone


def test_the_page_names_every_folder_once_in_the_order_of_the_layers() -> None:
    """So that a reader knows by a folder's place what it can import."""
    listed, layers = _listed("## Where what lives"), _layers()
    assert [next(n for n, layer in enumerate(layers) if each in layer) for each in listed] == [
        n for n, layer in enumerate(layers) for _ in layer
    ]
    others = _listed("What stands for itself:")
    folders = {name.split("/")[0] for name in tracked() if "/" in name}
    assert sorted([*listed, *others]) == sorted(each for each in folders if each[0] != ".")
