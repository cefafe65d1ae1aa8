"""The server of the tests: a machine of its own, to which the workflow's script deploys."""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.layout import Layout
from deploy.report import Report
from deploy.settings import parse
from deploy.tasks import SERVICE
from local.ports import Ports
from tests.compose.engine import OFFLINE, STAND_INS, copy_of_the_repository, docker, has_images
from tests.deploy import registry
from tests.deploy.instance import OPERATOR, USER, Instance
from tests.deploy.load import Load
from tests.deploy.template import cloud_init
from tests.deploy.tools import ROOT
from tests.waiting import until

_OFFLINE = (ROOT / OFFLINE).read_text()
DEPLOY = "/opt/aware/current/deploy/deploy.sh"


@dataclass(frozen=True)
class Server:
    """The instance, a clone of the repository to push from, and the workflow's secrets.

    `images` is what the registry on the instance's loopback holds once it is started; None where
    the public images are used. `keys` are private keys: of `aware`, who deploys, and of `ubuntu`,
    who operates the instance.
    """

    instance: Instance
    clone: Path
    images: Path | None
    keys: Mapping[str, Path]
    secrets: Mapping[str, str]

    def commit(self, message: str, file: str, change: Callable[[str], str]) -> str:
        """Commit a change of one file, on top of what is there; returns the version."""
        path = self.clone / file
        path.write_text(change(path.read_text()))
        git(self.clone, "commit", "--all", "--quiet", "--message", message)
        return self.version()

    @contextmanager
    def bad(self, file: str, change: Callable[[str], str]) -> Iterator[None]:
        """Have a bad commit on top; afterwards it never was."""
        before = self.version()
        self.commit("bad", file, change)
        try:
            yield
        finally:
            git(self.clone, "reset", "--hard", before)

    def version(self) -> str:
        """The version that would be pushed."""
        return git(self.clone, "rev-parse", "--short=12", "HEAD").strip()

    def start_push(self, **changed: str) -> "subprocess.Popen[str]":
        """Begin what the workflow does on main."""
        return subprocess.Popen(
            ["deploy/push.sh", "HEAD"],
            cwd=self.clone,
            env={"PATH": os.environ["PATH"], **self.secrets, **changed},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def push(self, **changed: str) -> "subprocess.CompletedProcess[str]":
        """What the workflow does on main."""
        process = self.start_push(**changed)
        said, _ = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, said)

    def ssh(
        self, user: str, *command: str, key: str = USER, forward: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Log in as `user` with the key of `key` to run `command`, or to reach `forward`."""
        options = (
            *("BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=no"),
            *("UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=20"),
        )
        ssh = ["ssh", "-F", "/dev/null", "-i", str(self.keys[key])]
        ssh += [part for each in options for part in ("-o", each)]
        ssh += ["-W", forward] if forward else []
        return subprocess.run(
            [*ssh, f"{user}@{self.instance.address}", *command],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start_registry(self) -> None:
        """Let the server reach its images."""
        if self.images is not None:
            self.instance.start_registry(registry.serve(self.images))

    def publish_newer(self, image: str) -> None:
        """Have the registry give another image under the name of this one."""
        assert self.images is not None
        newer = f"newer-{secrets.token_hex(4)}"
        dockerfile = f"FROM {image}\nLABEL newer={newer}\n"
        command = ["docker", "build", "--quiet", "--tag", newer, "-"]
        subprocess.run(command, input=dockerfile, text=True, check=True, capture_output=True)
        registry.fill(self.images, {image: newer}, Ports.free().gateway)
        docker("rmi", newer)

    def deploy(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """deploy.sh on the server."""
        return self.instance.try_root("runuser", "-u", USER, "--", DEPLOY, *arguments)

    def settings(self) -> Mapping[str, str]:
        """What the settings' file on the server holds."""
        return parse(self.instance.read("/etc/aware/aware.env"))

    def load(self) -> Load:
        """Clients of the gateway, from the world."""
        certificate = self.instance.read("/etc/aware/certificate.pem")
        key = self.settings()["API_KEYS"].rpartition(":")[2]
        return Load(f"https://{self.instance.address}", key, certificate)

    def running(self, label: str = SERVICE) -> dict[str, tuple[str, ...]]:
        """By service, which a label names: the release and the id of each container that runs."""
        found: dict[str, tuple[str, ...]] = {}
        for each in self.instance.containers():
            labels: dict[str, Any] = each["Config"]["Labels"]
            if each["State"]["Running"]:
                service = labels[label]
                entry = f"{labels.get('aware.release', '').partition('+')[0]} {each['Id'][:12]}"
                found[service] = (*found.get(service, ()), entry)
        return found

    def wait_for_words(self, words: str, *, since: float) -> None:
        """Wait until a deployment that began after `since` has said so in its log."""

        def said() -> bool:
            newer = f"find /var/lib/aware/log -newermt @{since:.6f} -type f"
            command = f"{newer} | xargs -r grep -l '{words}'"
            return bool(self.instance.try_root("sh", "-c", command).stdout)

        until(said, words, within=600)


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    command = ["git", *author, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def new_key(file: Path) -> str:
    """Make a key pair; the public half, whose private half is in `file`."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(file)]
    subprocess.run(command, check=True)
    return file.with_suffix(".pub").read_text().strip()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as CloudFormation and cloud-init leave it: nothing is deployed yet."""
    folder = tmp_path_factory.mktemp("server")
    with new_server(folder, copy_of_the_repository(folder / "clone")) as made:
        yield made


@contextmanager
def new_server(folder: Path, clone: Path) -> Iterator[Server]:
    """A new server in `folder`, made by the template of `clone`, from which is pushed."""
    # The load of these tests is one caller's, and more than a caller may send.
    example = clone / ".env.example"
    example.write_text(example.read_text().replace("PER_MINUTE=6000", "PER_MINUTE=600000"))
    git(clone, "init", "--quiet")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "first")
    key, operators = folder / "key", folder / "operators-key"
    instance = Instance(folder / "instance", cloud_init(new_key(key), clone))
    try:
        instance.boot()
        host_key = instance.install(new_key(operators))
        # Where there are no stand-ins, the machine pulls the public images.
        images = None
        if has_images(STAND_INS):
            images = folder / "registry"
            registry.fill(images, {each: each for each in STAND_INS}, Ports.free().gateway)
            override = re.sub(r"standin/[\w:.]+", lambda each: registry.name(each[0]), _OFFLINE)
            instance.write("/etc/aware/docker-compose.override.yml", override)
            instance.root("chown", "-R", USER, "/etc/aware")
        yield Server(
            instance,
            clone,
            images,
            {USER: key, OPERATOR: operators},
            {
                "EC2_SSH_KEY": key.read_text(),
                "EC2_USER": USER,
                "EC2_HOST": instance.address,
                "EC2_HOST_KEY": host_key,
            },
        )
    finally:
        instance.destroy()


@pytest.fixture(scope="session")
def deployed(server: Server) -> Server:
    """The server after its first deployment."""
    server.start_registry()
    done = server.push()
    assert done.returncode == 0, done.stdout
    return server


@pytest.fixture
def since() -> float:
    """When the test began, in the words of the clock."""
    return time.time()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A server's folders."""
    made = Layout(*(tmp_path / name for name in ("home", "config", "state", "backups")))
    for folder in (made.home, made.config, made.state, made.backups):
        folder.mkdir()
    return made


@pytest.fixture
def report(layout: Layout) -> Report:
    """A report in the server's folders."""
    return Report(layout.state / "log", "test")
