"""The parts of a deployment that need no engine."""

import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.certificate import certificate
from deploy.commands import Commands
from deploy.deployment import Deployment
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.release import release, take_settings
from deploy.report import Report
from deploy.settings import settings
from deploy.state import Place, State
from tests.deploy.tools import ROOT

EXAMPLE = ROOT / ".env.example"


def mode(file: Path) -> int:
    """The permissions of a file."""
    return file.stat().st_mode & 0o777


def test_the_first_settings_have_secrets_of_their_own(layout: Layout) -> None:
    """No password that the example shows, a key for the gateway, and nobody else may read it."""
    made = settings(layout.settings, EXAMPLE)
    assert mode(layout.settings) == 0o600
    secrets = [value for name, value in made.items() if name.endswith("_PASSWORD")]
    assert len(secrets) == len(set(secrets)) >= 8
    assert not any(value.startswith("laptop-") for value in made.values())
    assert re.fullmatch(r"back-office:[0-9a-f]{40}", made["API_KEYS"])
    assert (made["GATEWAY_BIND"], made["SEED"]) == ("0.0.0.0", "false")  # noqa: S104
    assert settings(layout.settings, EXAMPLE) == made


def test_a_new_version_may_ask_for_more_settings(layout: Layout, tmp_path: Path) -> None:
    """What is there stays as it is."""
    before = settings(layout.settings, EXAMPLE)
    newer = tmp_path / "newer"
    newer.write_text(EXAMPLE.read_text() + "NEW_PASSWORD=laptop-new\nNEW_LIMIT=7\n")
    after = settings(layout.settings, newer)
    assert {name: after[name] for name in before} == before
    assert after["NEW_LIMIT"] == "7"
    assert not after["NEW_PASSWORD"].startswith("laptop-")
    assert mode(layout.settings) == 0o600


def _without_keys(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join("API_KEYS=\n" if "API_KEYS=" in line else line for line in lines))


def _set(name: str, value: str) -> Callable[[Path], None]:
    def spoil(file: Path) -> None:
        lines = [each for each in file.read_text().splitlines() if not each.startswith(f"{name}=")]
        file.write_text("\n".join([*lines, f"{name}={value}", ""]))

    return spoil


def _laptop(file: Path) -> None:
    file.write_text(file.read_text() + "MONGO_ROOT_PASSWORD=laptop-mongo-root\n")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file.chmod(0o640), "chmod 600"),
        (_without_keys, "API_KEYS is not set"),
        (_set("USER_RELAY_MONGO_PASSWORD", "a b"), "USER_RELAY_MONGO_PASSWORD has a space"),
        (_set("GATEWAY_BIND", "10.0.0.5"), "GATEWAY_BIND is 10.0.0.5, and Swarm publishes"),
        (_set("READ_ONLY_CALLERS", "a,back-office"), "READ_ONLY_CALLERS names back-office"),
        (_set("READ_ONLY_CALLERS", "*"), "READ_ONLY_CALLERS names back-office"),
        (_set("BACKUP_COPY_TO", ":s3:a"), "BACKUP_COPY_TO is set, and BACKUP_RECIPIENTS is not"),
        (_laptop, "MONGO_ROOT_PASSWORD has the value that .env.example shows everybody"),
    ],
)
def test_settings_that_are_no_good_are_named(
    layout: Layout, spoil: Callable[[Path], None], reason: str
) -> None:
    """Readable by others, without a key, with a password that everybody knows."""
    settings(layout.settings, EXAMPLE)
    spoil(layout.settings)
    with pytest.raises(DeployError, match=reason):
        settings(layout.settings, EXAMPLE)


def test_without_a_certificate_a_self_signed_one_is_made(layout: Layout, report: Report) -> None:
    """With a warning; the key is private, and both go to the gateway in one line each."""
    made, warning = certificate(layout, Commands(report))
    assert warning is not None
    assert "self-signed" in warning
    assert mode(layout.key) == 0o600
    assert made.first == ssl.PEM_cert_to_DER_cert(layout.certificate.read_text())
    assert all("\n" not in value for value in made.settings().values())
    assert "PRIVATE KEY" not in repr(made)
    assert certificate(layout, Commands(report)) == (made, None)


def test_a_certificate_that_does_not_do_is_refused(layout: Layout, report: Report) -> None:
    """The key of another, a missing key, a key that others may read, and one that has expired."""
    commands = Commands(report)
    certificate(layout, commands)
    layout.key.chmod(0o644)
    with pytest.raises(DeployError, match="chmod 600"):
        certificate(layout, commands)
    layout.key.unlink()
    with pytest.raises(DeployError, match=r"there is no .*key\.pem"):
        certificate(layout, commands)
    other = "openssl ecparam -name prime256v1 -genkey -noout -out"
    subprocess.run([*other.split(), str(layout.key)], check=True, capture_output=True)
    layout.key.chmod(0o600)
    with pytest.raises(DeployError, match="are no certificate and its key"):
        certificate(layout, commands)
    expired = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=a"
    files = ["-keyout", str(layout.key), "-out", str(layout.certificate)]
    done = subprocess.run(
        [*expired.split(), "-days", "-1", *files], check=False, capture_output=True
    )
    if done.returncode == 0:  # newer versions of openssl refuse to make one
        with pytest.raises(DeployError, match="has expired"):
            certificate(layout, commands)


def sent(layout: Layout, version: str) -> None:
    """Have `version` on the server, as far as a release is made of it."""
    folder = layout.releases / version
    (folder / "deploy").mkdir(parents=True)
    for name in ("docker-compose.yml", "deploy/stack.yml"):
        (folder / name).write_text((ROOT / name).read_text())


def test_a_release_keeps_the_settings_it_was_brought_in_with(
    layout: Layout, report: Report
) -> None:
    """So that one can go back to them, the certificate's key included."""
    settings(layout.settings, EXAMPLE)
    certificate(layout, Commands(report))
    sent(layout, "one")
    before = release(layout, Place("one", take_settings(layout)))
    layout.certificate.unlink()
    layout.key.unlink()
    certificate(layout, Commands(report))
    renewed = release(layout, Place("one", take_settings(layout)))
    assert renewed.secrets["GATEWAY_TLS_KEY"] != before.secrets["GATEWAY_TLS_KEY"]
    assert renewed.secrets["API_KEYS"] == before.secrets["API_KEYS"]
    assert release(layout, before.place) == before
    assert before.secrets["GATEWAY_TLS_KEY"] not in repr(before)
    assert all(mode(file) == 0o600 for file in (layout.state / "given").rglob("*.*"))


def test_settings_that_nothing_runs_with_are_not_kept(layout: Layout, report: Report) -> None:
    """A deployment removes old passwords and keys, even one that cannot be begun.

    Those of what runs, ran before or is on its way stay.
    """
    state = State(layout.state)
    kept = set()
    for number, then in enumerate((None, state.commit, state.commit, state.begin)):
        layout.settings.write_text(f"WORKERS={number}\n")
        given = take_settings(layout)
        if then is not None:
            then(Place(f"version-{number}", given))
            kept.add(given)
    with pytest.raises(DeployError, match="send it first"):
        Deployment(layout, state, report).deploy("version-4")
    assert {folder.name for folder in (layout.state / "given").iterdir()} == kept


@pytest.mark.parametrize("version", ["two", "../one", "", "-x", "a b"])
def test_a_version_that_was_never_sent_is_named(layout: Layout, version: str) -> None:
    """Whatever it is called."""
    sent(layout, "one")
    with pytest.raises(DeployError, match="send it first"):
        release(layout, Place(version, ""))


def test_plain_http_is_served_only_where_it_is_asked_for(layout: Layout, report: Report) -> None:
    """By one setting, which adds a file to the stack's."""
    settings(layout.settings, EXAMPLE)
    certificate(layout, Commands(report))
    sent(layout, "one")
    files = release(layout, Place("one", take_settings(layout))).stack
    assert "stack.http.yml" not in {file.name for file in files}
    layout.settings.write_text(layout.settings.read_text() + "GATEWAY_HTTP_PORT=80\n")
    files = release(layout, Place("one", take_settings(layout))).stack
    assert "stack.http.yml" in {file.name for file in files}


def test_what_is_on_its_way_is_known_until_it_is_in_or_undone(layout: Layout) -> None:
    """Also to a process that knows nothing of the one that began."""
    one, two = Place("one", "a"), Place("two", "b")
    state = State(layout.state)
    state.begin(one)
    assert State(layout.state).unfinished == one
    state.commit(one)
    assert (state.running, state.before, state.unfinished) == (one, None, None)
    state.begin(two)
    state.undone()
    assert (state.running, state.unfinished) == (one, None)
    state.commit(two)
    assert (state.running, state.before) == (two, one)


def test_a_second_deployment_waits_for_the_first(layout: Layout) -> None:
    """And is told that it had to."""
    first, second = State(layout.state), State(layout.state)
    held, asked = threading.Event(), threading.Event()

    def hold() -> None:
        with first.lock(lambda: None) as waited:
            assert not waited
            held.set()
            assert asked.wait(60)

    with ThreadPoolExecutor() as pool:
        holding = pool.submit(hold)
        assert held.wait(60)
        with second.lock(asked.set) as waited:
            assert waited
        holding.result()


def test_a_report_outlives_its_watcher_and_its_disk(tmp_path: Path) -> None:
    """A deployment must not end because nobody listens."""
    program = (
        "from pathlib import Path; from deploy.report import Report\n"
        f"Report(Path('{tmp_path}'), 'a').say('to nobody')\n"
        "Report(Path('/dev/full/no'), 'b').say('to nobody, nowhere')\n"
        "import os; os._exit(7)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 7
    (log,) = tmp_path.glob("*-a.log")
    assert log.read_text().endswith("to nobody\n")


def test_a_command_that_fails_says_its_last_words(report: Report, layout: Layout) -> None:
    """And one that is not there is named."""
    with pytest.raises(DeployError, match=r"sh .* failed:\n    why"):
        Commands(report).run("sh", "-c", "echo why >&2; exit 3")
    with pytest.raises(DeployError, match="there is no aware-nothing"):
        Commands(report).run("aware-nothing")
    assert "why" in next((layout.state / "log").glob("*.log")).read_text()


@pytest.mark.parametrize("name", ["EC2_SSH_KEY", "EC2_USER", "EC2_HOST", "EC2_HOST_KEY"])
def test_a_push_without_a_secret_names_it(name: str) -> None:
    """Before anything is done, and without showing the others."""
    secrets = {
        each: f"value-of-{each}" for each in ("EC2_SSH_KEY", "EC2_USER", "EC2_HOST", "EC2_HOST_KEY")
    }
    del secrets[name]
    done = subprocess.run(
        [ROOT / "deploy/push.sh", "HEAD"],
        env={"PATH": os.environ["PATH"], **secrets},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"push: {name} is not set\n"


def test_deploy_sh_needs_no_package() -> None:
    """On the server there is Python, and nothing else."""
    program = "import deploy.__main__, sys; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    foreign = {"click", "yaml", "httpx", "structlog", "pymongo", "storage", "kong"}
    assert not foreign & set(eval(done.stdout))  # noqa: S307 - a list of names, our own
    usage = subprocess.run(
        [ROOT / "deploy/deploy.sh", "restore"], capture_output=True, text=True, check=False
    )
    assert usage.returncode == 2
    assert "restore takes the FILE of a backup" in usage.stderr
