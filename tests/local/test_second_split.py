"""The order service strangled as the paper strangles the user service, beside it, in a copy."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import yaml

from local.ports import Ports, free_port, names, variable
from local.stack import Stack
from tests.gateway.load import Load, Request
from tests.gateway.test_lua import execute, request
from tests.gateway.test_starting import entry_point
from tests.generate.conftest import replace_in
from tests.generate.copying import copy_repository

pytestmark = pytest.mark.slow

ONE, TWO = (
    """    clients: aware-orders
    port: 5001
""",
    """    clients: aware-orders
    versions:
      v1: {port: 5001}
      v2: {port: 5008}
    split: ORDER_P_VALUE
""",
)
SPLIT = """\
    versions:
      v1: {port: 5002}
      v2: {port: 5003, overlay: specs/user-v2.yaml}
    split: P_VALUE
"""
PREPARE = """
import os
from gateway.process import prepare
from gateway.settings import GatewaySettings
prepare(GatewaySettings.from_environment(os.environ))
"""
RENDER = """
import os
from gateway.render import render
from gateway.settings import GatewaySettings
print(render(GatewaySettings.from_environment(os.environ))[0], end="")
"""
OF_1_0_0 = {
    "plan": {"start": 100, "to": 0, "step": 10, "interval": 0.1, "patience": 0.1, "look": 0.05},
    "p": 40,
    "steps": [],
    "points": [],
}
FAST = ("--interval", "1s", "--look", "0.2s", "--step", "50", "--requests", "100")


@dataclass(frozen=True)
class Copy:
    """A copy in which both services have two versions, behind the gateway at `url`."""

    folder: Path
    variables: dict[str, str]
    url: str

    def aware(self, *arguments: str, fails: bool = False) -> str:
        """What a command says, of which is expected whether it fails."""
        return self.python("-m", "aware", *arguments, fails=fails)

    def python(self, *arguments: str, fails: bool = False) -> str:
        """The same of a program, in the copy."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def counted(self, path: str, requests: int = 100) -> Counter[str]:
        """Which version answers how many requests to a path."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            return Counter(
                client.request(*path.split()).headers["X-Service-Version"] for _ in range(requests)
            )


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """Started, with 70 of a hundred requests for each first version."""
    ports = Ports.free()
    given = {variable(name): str(ports[name]) for name in names()}
    own = ("order-service-v1", "order-service-v2")
    given |= {variable(name): str(free_port()) for name in own}
    given |= {"P_VALUE": "70", "ORDER_P_VALUE": "100", "RATE_LIMIT_PER_MINUTE": "6000000"}
    with tempfile.TemporaryDirectory(prefix="split-") as folder:  # a short path, for sockets
        copied = Copy(copy_repository(Path(folder)), given, ports.url("gateway"))
        try:
            replace_in(copied.folder / "services.yaml", ONE, TWO)
            copied.aware("generate")
            copied.aware("start")
            given["GATEWAY_STATE_DIR"] = str(copied.folder / ".aware" / "gateway")
            yield copied
        finally:
            Stack(copied.folder / ".aware", ports, 70).stop()


USERS, ORDERS = "PUT /users/nobody", "GET /orders/o1"


def test_each_weight_moves_by_itself_without_a_restart(copy: Copy) -> None:
    """To the request, and neither moves the other; after a restart of the gateway as well."""
    assert copy.counted(ORDERS) == {"v1": 100}
    assert copy.counted(USERS) == {"v1": 70, "v2": 30}
    said = copy.aware("gateway", "weight", "order-service", "20")
    assert said.splitlines()[0] == "20 % of the order requests go to v1, 80 % to v2"
    assert copy.counted(ORDERS) == {"v1": 20, "v2": 80}
    assert copy.counted(USERS) == {"v1": 70, "v2": 30}
    copy.aware("gateway", "weight", "user-service", "10")
    assert copy.counted(ORDERS) == {"v1": 20, "v2": 80}
    assert copy.counted(USERS) == {"v1": 10, "v2": 90}
    status = copy.aware("gateway", "status")
    assert "v1 gets 10 % of the user requests\nafter a restart: 10 % (P_VALUE" in status
    assert "v1 gets 20 % of the order requests\nafter a restart: 20 % (ORDER_P_VALUE" in status
    copy.aware("stop")
    copy.aware("start")
    assert copy.counted(ORDERS) == {"v1": 20, "v2": 80}
    assert copy.counted(USERS) == {"v1": 10, "v2": 90}


def test_the_service_must_be_named_where_there_are_several(copy: Copy) -> None:
    """With those that there are."""
    for words in (("weight", "30"), ("rollout", "--to", "0")):
        told = copy.aware("gateway", *words, fails=True)
        assert "several services are split: name one of user-service, order-service" in told
    told = copy.aware("gateway", "weight", "stock-service", "30", fails=True)
    assert "stock-service is not split: name one of user-service, order-service" in told


def test_a_rollout_that_1_0_0_left_unfinished_goes_on(copy: Copy) -> None:
    """Of the user service: there was no other that could be meant."""
    copy.aware("gateway", "weight", "user-service", "40", "--requests", "0")
    (copy.folder / ".aware" / "gateway" / "rollout.json").write_text(json.dumps(OF_1_0_0))
    assert "from 100 to 0 stands at 40" in copy.aware("gateway", "status")
    told = copy.aware("gateway", "rollout", "user-service", "--resume", fails=True)
    assert "gave up waiting: P is 40" in told
    copy.aware("gateway", "rollout", "order-service", "--resume", fails=True)


@pytest.mark.skipif(
    shutil.which("luajit") is None and "CI" not in os.environ,
    reason="luajit is not installed: tests/install-tools.sh",
)
def test_kong_counts_each_split_for_itself(copy: Copy) -> None:
    """Interleaved, of any hundred requests to a service as many as its own weight says."""
    given = {"P_VALUE": "70", "ORDER_P_VALUE": "20", "GATEWAY_STATE_DIR": "/nonexistent"}
    fresh = replace(copy, variables=given)
    text = fresh.python("-c", RENDER)
    ended = entry_point(given, "render", program=copy.folder / "kong" / "docker-entrypoint.sh")
    assert ended.stdout == text, ended.stderr
    plugins = {each["name"]: each["config"] for each in yaml.safe_load(text)["plugins"]}
    both = [request(service={"name": f"kong_{each}_service"}) for each in ("user", "order")]
    answers = execute(plugins["post-function"]["access"], both * 300)
    for name, first, percent in (("user", 0, 70), ("order", 1, 20)):
        sent = [each["upstream"] for each in answers[first::2]]
        for begin in range(200):
            assert Counter(sent[begin : begin + 100]) == {
                f"{name}_service_v1_upstream": percent,
                f"{name}_service_v2_upstream": 100 - percent,
            }


def test_a_rollout_of_the_second_goes_by_its_own_requests(copy: Copy) -> None:
    """And leaves the other's weight alone."""
    copy.aware("gateway", "weight", "order-service", "100", "--requests", "0")
    copy.aware("gateway", "weight", "user-service", "40", "--requests", "0")
    with Load(copy.url, request=Request("GET", "/orders/o1", b"")) as load:
        told = copy.aware("gateway", "rollout", "order-service", *FAST, "--to", "0")
    assert "done: P is 0" in told
    assert load.answers.failed == 0
    assert copy.counted(ORDERS) == {"v2": 100}
    assert copy.counted(USERS) == {"v1": 40, "v2": 60}


def test_a_system_without_a_split_has_a_gateway_too() -> None:
    """All requests go to the one version; what would move a weight says that there is none."""
    with tempfile.TemporaryDirectory(prefix="whole-") as name:  # a short path, for sockets
        folder = Path(name)
        copied = Copy(copy_repository(folder), {"GATEWAY_STATE_DIR": str(folder / "g")}, "")
        replace_in(folder / "services.yaml", SPLIT, "    port: 5002\n")
        (folder / "specs" / "user-v2.yaml").unlink()
        copied.aware("generate")
        copied.python("-c", PREPARE)
        written = (folder / "g" / "haproxy.cfg").read_text("utf-8")
        assert "use_backend user_service_upstream" in written
        assert "percent" not in written
        assert "no service is split" in copied.aware("gateway", "weight", "30", fails=True)
