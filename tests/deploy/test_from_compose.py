"""A server of the release before Swarm: its data is kept, on the way there and on the way back.

`before_swarm.tar.xz` is the folder deploy/ of that release.
"""

import re
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.engine import ROOT, copy_of_the_repository
from tests.deploy.conftest import Server, git, new_server
from tests.deploy.instance import USER
from tests.waiting import until

pytestmark = [pytest.mark.timeout(1800), pytest.mark.docker, pytest.mark.root]

_BEFORE = Path(__file__).with_name("before_swarm.tar.xz")
_LABEL = "com.docker.compose.service"


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to which that release was deployed."""
    folder = tmp_path_factory.mktemp("composed")
    clone = copy_of_the_repository(folder / "clone")
    subprocess.run(["rm", "-r", clone / "deploy"], check=True)
    with tarfile.open(_BEFORE) as archive:
        archive.extractall(clone, filter="data")
    with new_server(folder, clone) as server:
        server.start_registry()
        done = server.push()
        assert done.returncode == 0, done.stdout
        assert _engine(server) == "inactive"
        yield server


def test_a_server_of_docker_compose_becomes_a_swarm_and_may_go_back(composed: Server) -> None:
    """What the messages say is done as they say it."""
    before, instance = composed.version(), composed.instance
    with composed.load() as load:
        until(lambda: load.acknowledged > 5, "orders to keep")
    _bring_the_present_deploy(composed)

    refused = composed.push()
    assert refused.returncode == 1, refused.stdout
    assert 'set "live-restore": false in /etc/docker/daemon.json' in refused.stdout
    assert composed.running(_LABEL)["kong"]
    _without_live_restore(composed)

    with composed.bad("processes/relay.py", lambda text: f"{text}\n\nundefined_name\n"):
        done = composed.push()
    assert done.returncode == 3, done.stdout
    assert f"{before} is brought back by its own deploy.sh" in done.stdout
    assert composed.running(_LABEL)["user-relay"][0].split()[0] == before
    assert load.lost() == []

    began = time.time()
    push = composed.start_push()
    composed.wait_for_words("databases and broker are set up", since=began)
    push.send_signal(signal.SIGKILL)
    instance.power_off()
    push.communicate()
    instance.boot()
    instance.root(*instance.unit("aware"))
    assert composed.running(_LABEL)["user-relay"][0].split()[0] == before
    assert load.lost() == []

    done = composed.push()
    assert done.returncode == 0, done.stdout
    assert "from Docker Compose to Swarm: everything is away until it runs again" in done.stdout
    assert _engine(composed) == "active"
    assert composed.running()["user-relay"][0].split()[0] == composed.version()
    assert load.lost() == []
    with composed.load() as after:
        until(lambda: after.acknowledged > 5, "everything goes on")
    assert after.failures == []

    old = f"/opt/aware/releases/{before}/deploy/deploy.sh"
    running = composed.running()
    refused = instance.try_root("runuser", "-u", USER, "--", old, before)
    assert refused.returncode == 1, refused.stdout
    refused = composed.deploy(before)
    assert refused.returncode == 1
    assert f"{before} is from before Swarm: deploy.sh leave {before}" in refused.stdout
    assert composed.running() == running

    (command,) = re.findall(r"The way back, should it be wanted:\n    (/opt/.*)\n", done.stdout)
    back = instance.try_root("runuser", "-u", USER, "--", "sh", "-c", command)
    assert back.returncode == 0, back.stdout + back.stderr
    assert composed.running(_LABEL)["user-relay"][0].split()[0] == before
    assert load.lost() == []
    assert after.lost() == []


def _bring_the_present_deploy(server: Server) -> None:
    subprocess.run(["rm", "-r", server.clone / "deploy"], check=True)
    subprocess.run(["cp", "-r", ROOT / "deploy", server.clone], check=True)
    git(server.clone, "add", "--all")
    git(server.clone, "commit", "--quiet", "--message", "swarm")


def _without_live_restore(server: Server) -> None:
    """As the page has it, which the message names; a machine of the tests has no systemd."""
    page = (ROOT / "docs/deploy.md").read_text()
    (edit,) = re.findall(r"(?m)^sudo (sed .*daemon\.json)\nsudo systemctl reload docker$", page)
    server.instance.root("sh", "-c", f"{edit} && kill -HUP $(cat /var/run/docker.pid)")
    info = ("docker", "info", "--format", "{{.LiveRestoreEnabled}}")
    until(lambda: server.instance.root(*info).strip() == "false", "the engine has read it")


def _engine(server: Server) -> str:
    return server.instance.root("docker", "info", "--format", "{{.Swarm.LocalNodeState}}").strip()
