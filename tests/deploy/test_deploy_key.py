"""The deploy key: it deploys, and opens nothing else. On the machine of the tests, by real SSH."""

import pytest

from tests.deploy.conftest import Server
from tests.deploy.instance import OPERATOR, USER

pytestmark = [pytest.mark.timeout(1800), pytest.mark.docker, pytest.mark.root]


@pytest.mark.parametrize(
    "asked",
    [
        "id",
        "sh -c id",
        "check; id",
        "send 000000000000; id",
        "deploy 000000000000 id",
        "deploy $(id>&2)abcdefabc",
        "deploy ../../../etc",
        "deploy main",
        "scp -t /opt/aware",
        "",
    ],
)
def test_the_deploy_key_opens_no_shell(server: Server, asked: str) -> None:
    """It knows three words, and is told so; whatever else is asked for is not run."""
    done = server.ssh(USER, *([asked] if asked else []))
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (
        "aware: this key may do check, send VERSION or deploy VERSION; a version is 12 hex digits\n"
    )


def test_the_deploy_key_reaches_nothing_through_the_server(server: Server) -> None:
    """No port behind it, no other user; nor can it let another key in."""
    assert server.ssh(OPERATOR, key=OPERATOR, forward="127.0.0.1:22").stdout.startswith("SSH-2.0")
    assert server.ssh(USER, forward="127.0.0.1:22").stdout == ""
    assert "Permission denied" in server.ssh(OPERATOR, "id").stderr
    assert "Permission denied" in server.ssh(USER, "check", key=OPERATOR).stderr
    assert server.ssh(OPERATOR, "id", "-un", key=OPERATOR).stdout == f"{OPERATOR}\n"
    keys = server.instance.root("stat", "-c", "%U %a", "/etc/ssh/aware-deploy-key.pub")
    assert keys == "root 644\n"
    assert "sudo" not in server.instance.root("id", USER)


def test_a_version_that_was_not_sent_is_not_deployed(server: Server) -> None:
    """And says so."""
    done = server.ssh(USER, "deploy 0123456789ab")
    assert (done.returncode, done.stderr) == (1, "aware: 0123456789ab was not sent\n")
