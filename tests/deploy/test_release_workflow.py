"""The release workflow: what it makes, in which order, and with which rights."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.tools import ROOT, run

WORKFLOW = ROOT / ".github/workflows/release.yml"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def jobs() -> Json:
    """The jobs of the workflow, by name."""
    found: Json = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return found


def commands(job: Json) -> str:
    """What a job runs in a shell."""
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def test_it_is_a_workflow_and_nothing_in_it_is_unsafe() -> None:
    """GitHub's schema takes it, and the security linter has nothing to say."""
    schema = ("--builtin-schema", "vendor.github-workflows")
    assert run("check-jsonschema", *schema, WORKFLOW).returncode == 0
    checked = run("zizmor", "--offline", "--persona=auditor", "--no-progress", WORKFLOW)
    assert checked.returncode == 0, checked.stdout


def test_a_person_starts_it_on_main_with_a_version(jobs: Json) -> None:
    """The version reaches shells as a variable, never as text."""
    document = yaml.safe_load(WORKFLOW.read_text())
    assert list(document[True]) == ["workflow_dispatch"]  # YAML takes `on` for a truth
    assert document["env"] == {"VERSION": "${{ inputs.version }}"}
    assert jobs["notes"]["if"] == "github.ref == 'refs/heads/main'"
    assert "inputs." not in "".join(commands(each) for each in jobs.values())


def test_nothing_is_built_before_tests_specs_and_notes_are_found_good(jobs: Json) -> None:
    """And the tag comes last, when everything that it names is there."""
    notes = commands(jobs["notes"])
    for command in ("gh run list", "make check", "aware release --check", "aware changelog notes"):
        assert command in notes
    assert jobs["packages"]["needs"] == jobs["images"]["needs"] == "notes"
    assert sorted(jobs["release"]["needs"]) == ["images", "packages"]
    assert "gh release create" in commands(jobs["release"])


def test_packages_and_images_have_an_sbom_and_provenance(jobs: Json) -> None:
    """Signed attestations of the packages; the images carry theirs."""
    steps = [each for each in jobs["packages"]["steps"] if "/attest@" in each.get("uses", "")]
    given = [set(each["with"]) for each in steps]
    assert given == [{"subject-path"}, {"subject-path", "sbom-path"}]
    assert commands(jobs["packages"]) == "make sdks sbom"
    script = (ROOT / ".github/release-images.sh").read_text()
    assert "--sbom=true --provenance=mode=max" in script


def test_rights_are_few_and_each_has_its_reason(jobs: Json) -> None:
    """Only attestations and the registry are written to, and no job keeps git's right."""
    writes = {
        (name, right)
        for name, job in jobs.items()
        for right, level in job["permissions"].items()
        if level == "write"
    }
    assert writes == {
        ("packages", "id-token"),
        ("packages", "attestations"),
        ("images", "packages"),
    }
    for job in jobs.values():
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_the_images_are_pushed_with_their_version_and_without_a_secret_in_an_argument(
    tmp_path: Path,
) -> None:
    """Both of them; a docker that only notes what it is told stands for the engine's."""
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\ncat > /dev/null\n')
    docker.chmod(0o755)
    given = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "REGISTRY": "registry.example.com/aware",
        "REGISTRY_USER": "somebody",
        "REGISTRY_TOKEN": "secret-token",
        "VERSION": "1.2.0",
        "COMMIT": "abc",
    }
    script = ROOT / ".github/release-images.sh"
    subprocess.run([str(script)], env=given, check=True, stdin=subprocess.DEVNULL)
    told = (tmp_path / "told").read_text()
    assert "login registry.example.com --username somebody --password-stdin" in told
    assert "secret-token" not in told
    pushed = [line for line in told.splitlines() if "--push" in line]
    assert ["aware-micro-services:1.2.0" in pushed[0], "aware-gateway:1.2.0" in pushed[1]] == [
        True,
        True,
    ]
    del given["REGISTRY"]
    refused = subprocess.run([str(script)], env=given, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "REGISTRY" in refused.stderr
