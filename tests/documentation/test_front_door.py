"""What one meets first: forms, hooks, updates, the container, the README's first screen."""

import configparser
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.tools import run
from tests.documentation.pages import ROOT, read, tracked

REGISTRIES = ["docker" + ".io/", "ghcr" + ".io", "pypi" + ".org", "npmjs" + ".org"]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[bf]*.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("dependabot", ".github/dependabot.yml"),
    ],
)
def test_githubs_own_schema_takes_the_file(schema: str, files: str) -> None:
    """The vendored one."""
    found = sorted(ROOT.glob(files))
    assert found
    checked = run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *found)
    assert checked.returncode == 0, checked.stdout


def test_updates_come_for_python_npm_actions_and_images() -> None:
    """Each from where the repository has it."""
    updates = yaml.safe_load(read(".github/dependabot.yml"))["updates"]
    ecosystems = {each["package-ecosystem"] for each in updates}
    assert ecosystems == {"pip", "npm", "github-actions", "docker", "docker-compose"}
    for each in updates:
        for folder in each.get("directories", [each.get("directory")]):
            assert (ROOT / folder.lstrip("/")).is_dir()
    (docker,) = (each for each in updates if each["package-ecosystem"] == "docker")
    dockerfiles = {f"/{Path(each).parent}" for each in tracked() if Path(each).name == "Dockerfile"}
    folders = {each.replace("/.", "/") if each == "/." else each for each in dockerfiles}
    assert set(docker["directories"]) == {each for each in folders if "tests" not in each}


def test_the_hooks_run_the_commands_of_the_lint_suite() -> None:
    """The same, word for word, with the tools of `.venv`."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    suite = tox["testenv:lint"]["commands"].split("\n")
    (hooks,) = (each["hooks"] for each in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"])
    entries = [each["entry"].removeprefix(".venv/bin/") for each in hooks]
    assert entries == [line.strip() for line in suite if line.strip()]
    assert {each["pass_filenames"] for each in hooks} == {False}


def test_each_path_of_the_code_owners_is_there() -> None:
    """And somebody owns all of it."""
    lines = [each.split() for each in read(".github/CODEOWNERS").splitlines() if each[:1] != "#"]
    assert lines[0][0] == "*"
    assert all((ROOT / path.lstrip("/")).exists() for path, *_ in lines[1:])


def test_the_development_container_installs_what_the_tests_use() -> None:
    """Debian's packages of `make up`, and those of tests/install-tools.sh that have no daemon."""
    container = json.loads(read(".devcontainer/devcontainer.json"))
    dockerfile = read(".devcontainer/Dockerfile")
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).exists()
    assert re.fullmatch(r"make \.venv/\w+\.installed", container["postCreateCommand"])
    for package in ("rabbitmq-server", "haproxy", "libcurl4", "make", "wrk"):
        assert f" {package} " in dockerfile


def test_the_readmes_first_screen_says_what_for_whom_and_how() -> None:
    """A noun first, both kinds of readers, the picture, what is required, two commands."""
    screen = "\n".join(read("README.md").splitlines()[:50])
    wanted = [
        "A reference system and a kit for spec-first microservices",
        "transactional outbox",
        "**For you**",
        "at-least-once",
        "**Not for you**",
        "docs/architecture.svg",
        "Requires",
        "make up",
        "make test",
        "user-service-v1",
    ]
    places = [screen.find(each) for each in wanted]
    assert -1 not in places, dict(zip(wanted, places, strict=True))
    assert places == sorted(places)


def test_no_file_names_the_host_of_a_registry() -> None:
    """Which one is used is the machine's affair."""
    for name in tracked():
        if name.endswith((".md", ".yml", ".yaml", ".sh", ".json", ".in", ".toml", ".py", "file")):
            text = read(name)
            assert not [each for each in REGISTRIES if each in text], name


def test_the_paper_is_cited_once_with_its_title() -> None:
    """In the README."""
    title = "A Data-Synchronized Micro-service Architecture"
    cited = [each for each in tracked() if each.endswith(".md") and title in read(each)]
    assert cited == ["README.md"]


def test_help_lists_every_target_of_the_makefile() -> None:
    """`make help` is what a person types first."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    (targets,) = re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE)
    described = set(re.findall(r"^make ([\w-]+)", done.stdout, re.MULTILINE))
    assert described | {"help", "lock"} >= set(targets.split())
