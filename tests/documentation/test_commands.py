"""The commands that the documents show exist."""

import configparser
import re

import click
import pytest

from aware.__main__ import aware
from local.parts import every
from tests.documentation.pages import ROOT, code, pages, read

_MAKE = re.compile(r"(?:\$ |^)make((?: [a-z][a-z-]*)+)")
_AWARE = re.compile(r"(?:\.venv/bin/)?python -m aware ([a-z][^|>#`]*)")
_TOX = re.compile(r"tox -e ([a-z]+)")


@pytest.mark.parametrize("page", pages())
def test_every_target_of_make_that_a_page_names_exists(page: str) -> None:
    """In blocks and in text."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for found in (_MAKE.search(each) for each in code(page)):
        for target in found[1].split() if found else ():
            assert target in targets.split(), f"{page}: make {target}"


@pytest.mark.parametrize("page", pages())
def test_every_command_of_aware_that_a_page_names_exists(page: str) -> None:
    """With its options."""
    for text in code(page):
        for found in _AWARE.findall(text):
            _require(found.rstrip("\\ "), page)


def _require(line: str, page: str) -> None:
    """Follow the words to a command, and look whether it has the options."""
    words = [each for each in line.split() if each != "…"]
    command: click.Command = aware
    while words and isinstance(command, click.Group):
        if words[0] == "as":
            declared = re.findall(r"process: ([a-z-]+)", read(page))  # by the page itself
            known = {*every(), *declared, "backup-reader", "PART", "PROCESS"}
            assert words[1] in known, f"{page}: {line}"
            words = words[2:]
            continue
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"{page}: aware {line}"
        command, words = found, words[1:]
    options = {option for each in command.params for option in each.opts}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in options | {"--help"}, f"{page}: aware {line}"


@pytest.mark.parametrize("page", pages())
def test_every_environment_of_tox_that_a_page_names_exists(page: str) -> None:
    """As `tox -e gateway`."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    for text in code(page):
        for name in _TOX.findall(text):
            assert tox.has_section(f"testenv:{name}"), f"{page}: tox -e {name}"
