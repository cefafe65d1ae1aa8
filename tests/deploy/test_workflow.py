"""The workflow: what it runs, when, and with which rights."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.__main__ import all_suites
from tests.deploy.conftest import git
from tests.deploy.tools import ROOT, run

MAKEFILE = (ROOT / "Makefile").read_text().splitlines()
WORKFLOW = ROOT / ".github/workflows/ci-cd.yml"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def jobs() -> Json:
    """The jobs of the workflow, by name."""
    document: Json = yaml.safe_load(WORKFLOW.read_text())
    found: Json = document["jobs"]
    return found


def commands(job: Json) -> list[str]:
    """What a job runs in a shell, unless it refuses."""
    return [step["run"] for step in job["steps"] if "run" in step and "if" not in step]


WORKFLOWS = {file.name: file for file in WORKFLOW.parent.iterdir()}


@pytest.mark.parametrize("file", WORKFLOWS.values(), ids=WORKFLOWS)
def test_it_is_a_workflow(file: Path) -> None:
    """The vendored schema of GitHub's workflows takes it."""
    checked = run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("file", WORKFLOWS.values(), ids=WORKFLOWS)
def test_nothing_in_it_is_unsafe(file: Path) -> None:
    """The security linter has nothing to say, in its strictest mood."""
    checked = run("zizmor", "--offline", "--persona=auditor", "--no-progress", file)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("safe", "unsafe"),
    [
        (
            "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            "actions/checkout@v5",
        ),
        ("permissions: {}", "permissions: write-all"),
        ('deploy/push.sh "$GITHUB_SHA"', "deploy/push.sh ${{ github.event.head_commit.message }}"),
    ],
)
def test_the_linter_would_see_what_is_unsafe(tmp_path: Path, safe: str, unsafe: str) -> None:
    """An action that can move, rights for all, and a stranger's words in a shell."""
    text = WORKFLOW.read_text()
    assert safe in text
    worse = tmp_path / "ci-cd.yml"
    worse.write_text(text.replace(safe, unsafe))
    checked = run("zizmor", "--offline", "--persona=auditor", "--no-progress", worse)
    assert checked.returncode != 0


def test_pushes_and_pull_requests_are_tested() -> None:
    """A fork's without any secret: GitHub gives none to `pull_request`."""
    triggers = yaml.safe_load(WORKFLOW.read_text())[True]  # YAML takes `on` for a truth
    assert triggers == {"push": {"branches": ["**"], "tags": ["v*"]}, "pull_request": None}


def test_every_suite_runs_once_on_the_oldest_and_the_newest_python(jobs: Json) -> None:
    """With the command that a person types."""
    job = jobs["suites"]
    assert commands(job) == ["tests/install-tools.sh", 'make test-all SUITES="$SUITES"']
    matrix = job["strategy"]["matrix"]
    assert sorted(" ".join(matrix["suites"]).split()) == sorted(all_suites())
    oldest, newest = matrix["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={oldest}"
    assert f"PYTHON_IMAGE=python:{newest}-slim" in (ROOT / "Dockerfile").read_text("utf-8")


def test_nothing_goes_on_where_a_suite_has_failed(jobs: Json) -> None:
    """One job stands for all of them: a skipped one is a change of documents alone."""
    assert jobs["test"]["needs"] == ["documents", "suites"]
    (check,) = commands(jobs["test"])
    for results, status in (
        (("success", "success"), 0),
        (("success", "skipped"), 0),
        (("success", "failure"), 1),
        (("success", "cancelled"), 1),
        (("failure", "skipped"), 1),
    ):
        given = dict(zip(("DOCUMENTS", "SUITES"), results, strict=True))
        done = subprocess.run(["bash", "-e", "-c", check], env=given, check=False)
        assert done.returncode == status, results


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (["CHANGELOG.md"], "false"),
        (["README.md"], "true"),  # its commands are run
        (["docs/sync.md", "docs/architecture.svg"], "false"),
        (["README.md", "handlers/orders.py"], "true"),
        (["docs/tutorial.md"], "true"),  # tests go through it
        (["docs/insomnia.json"], "true"),  # generated
    ],
)
def test_a_change_of_documents_alone_is_known(
    tmp_path: Path, changed: list[str], code: str
) -> None:
    """And where it is not known what was there before, everything is tested."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "before")
    before = git(tmp_path, "rev-parse", "HEAD").strip()
    for name in changed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("new")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "after")
    script = ROOT / ".github" / "changed.sh"
    for since, said in ((before, code), ("0" * 40, "true"), ("", "true")):
        command = [str(script), since]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        assert done.stdout == f"code={said}\n"


def test_only_main_is_deployed_and_only_when_the_tests_pass(jobs: Json) -> None:
    """One at a time, and never cut off."""
    job = jobs["deploy"]
    assert job["if"] == "github.ref == 'refs/heads/main'"
    assert job["needs"] == "test"
    assert job["concurrency"] == {"group": "production", "cancel-in-progress": False}
    assert commands(job) == ['deploy/push.sh "$GITHUB_SHA"']


def test_a_version_tag_publishes_apis_and_sdks(jobs: Json) -> None:
    """The SDKs first: where they cannot be built nothing is published."""
    job = jobs["publish"]
    assert job["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert job["needs"] == "test"
    assert commands(job) == ["make .venv/generate.installed", "make sdks", "make publish"]
    (upload,) = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == "build/sdks"


@pytest.mark.parametrize("name", ["deploy", "publish"])
def test_what_is_not_protected_is_refused_before_anything_is_done(jobs: Json, name: str) -> None:
    """Whoever may push to a branch that nobody reviews could otherwise use the secrets."""
    first, *_ = jobs[name]["steps"]
    assert first["if"] == "${{ !github.ref_protected }}"
    shell = ["bash", "-e", "-c", first["run"]]
    env = {"PATH": "/bin", "GITHUB_REF": "refs/heads/main"}
    done = subprocess.run(shell, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("::error::refs/heads/main is not protected; docs/security.md")


def test_nothing_is_installed_where_a_secret_can_be_seen(jobs: Json) -> None:
    """All that `make publish` needs is there before; the key comes with the last step."""
    steps = [step.get("run", "") for step in jobs["publish"]["steps"]]
    needed = next(line for line in MAKEFILE if line.startswith("publish: "))
    installed = needed.partition(": ")[2].replace("$(VENV)", ".venv")
    assert steps.index(f"make {installed}") < steps.index("make publish") == len(steps) - 1


@pytest.mark.parametrize(
    "installer", ["Dockerfile", "tests/compose/gateway/Dockerfile", "local/install-python.sh"]
)
def test_a_package_runs_no_code_when_it_is_installed(installer: str) -> None:
    """Wheels alone: a source distribution brings a program that builds it."""
    text = (ROOT / installer).read_text()
    assert text.count("--only-binary :all:") == text.count("--require-hashes") >= 1


def test_the_documented_protection_is_that_of_this_workflow(jobs: Json) -> None:
    """Its environments, the check that it makes, main and version tags; every body is JSON."""
    text = (ROOT / "docs/security.md").read_text()
    bodies = [
        json.loads(each) for each in re.findall(r"<<'JSON'\n(.*?)\n\s*JSON\n", text, re.DOTALL)
    ]
    assert len(bodies) == 5
    release = yaml.safe_load(WORKFLOW.with_name("release.yml").read_text())["jobs"]
    for job in (*jobs.values(), *release.values()):
        if "environment" in job:
            assert f"/environments/{job['environment']} --input" in text
    checks = next(each["required_status_checks"] for each in bodies if "enforce_admins" in each)
    assert [each["context"] for each in checks["checks"]] == [jobs["test"]["name"]]
    assert "-f name=main -f type=branch" in text
    assert "-f name='v*' -f type=tag" in text


def test_no_job_may_do_more_than_read_the_code(jobs: Json) -> None:
    """Nor does git keep the right to after the checkout."""
    for name, job in jobs.items():
        assert job["permissions"] == ({} if name == "test" else {"contents": "read"})
    for job in (jobs[name] for name in jobs if name != "test"):
        (checkout,) = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert checkout["with"]["persist-credentials"] is False


def test_secrets_reach_only_the_step_that_needs_them(jobs: Json) -> None:
    """As environment variables, never in a command line, where a log would show it."""
    for name, job in jobs.items():
        for step in job["steps"]:
            given = {value for value in step.get("env", {}).values() if "secrets." in value}
            assert not given or (name, step["run"].split()[0]) in {
                ("deploy", "deploy/push.sh"),
                ("publish", "make"),
            }
            assert "secrets." not in str({**step, "env": {}})
        assert "secrets." not in str({**job, "steps": []})
