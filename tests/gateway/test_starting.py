"""What the gateway is started with, how it ends, and what it refuses to start with."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from kong.errors import GatewayError, SettingError
from kong.haproxy import LIMITS
from kong.process import ENTRY_POINT, Kind, prepare, variables
from kong.render import render
from kong.settings import GatewaySettings
from kong.weights import WeightFile
from local.ports import free_port
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.load import Load
from tests.gateway.running import elsewhere
from tests.waiting import until

BAD = {
    "P_VALUE": ["", "-1", "101", "1.5", "30%", "010", "three"],
    "USER_SERVICE_V1_TARGET": ["user-service-v1", "http://a:5000", "a:b", "a b:5000"],
    "ORDER_SERVICE_TARGET": ["order-service"],
    "API_KEYS": ["short", "with space with space", 'quote"quote"quote"'],
    "REQUEST_SIZE_LIMIT": ["0", "1MB", "-5"],
    "RATE_LIMIT_PER_MINUTE": ["0", "many"],
}
GOOD: list[Mapping[str, str]] = [
    {"P_VALUE": "70"},
    {"P_VALUE": "0", "API_KEYS": "key-number-one-1234,key-number-two-5678"},
    {"P_VALUE": "100", "REQUEST_SIZE_LIMIT": "5", "RATE_LIMIT_PER_MINUTE": "7"},
    {"P_VALUE": "33", "USER_SERVICE_V2_TARGET": "localhost:5000"},
]


def entry_point(
    variables: Mapping[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """What docker-entrypoint.sh does in this environment."""
    environment = {"PATH": os.environ["PATH"], "GATEWAY_STATE_DIR": "/nonexistent", **variables}
    return subprocess.run(
        ["bash", str(ENTRY_POINT), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_bad_variable_is_named_and_nothing_starts(name: str, value: str) -> None:
    """In the image and without it."""
    environment = {"P_VALUE": "50"} | {name: value}
    with pytest.raises(SettingError, match=name):
        GatewaySettings.from_environment(environment)
    ended = entry_point(environment)
    assert ended.returncode == 2
    assert name in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("listen", ["0.0.0.0:8000", "192.0.2.1:8000", "gateway.example:8000"])
def test_strangers_are_not_served_without_keys(listen: str) -> None:
    """Beyond loopback the gateway does not start without keys."""
    environment = {"P_VALUE": "50", "KONG_PROXY_LISTEN": listen}
    with pytest.raises(SettingError, match="API_KEYS"):
        GatewaySettings.from_environment(environment)
    assert "API_KEYS" in entry_point(environment).stderr
    for more in ({"API_KEYS": "k" * 20}, {"GATEWAY_ADDRESS": "127.0.0.1"}):
        assert GatewaySettings.from_environment(environment | more).listen == listen
        assert entry_point(environment | more, "render").returncode == 0


@pytest.mark.parametrize("environment", GOOD)
def test_the_image_renders_what_python_renders(environment: Mapping[str, str]) -> None:
    """One template, two ways to fill it in, one result."""
    settings = GatewaySettings.from_environment(environment)
    text, _ = render(settings, settings.p_value)
    ended = entry_point(environment, "render")
    assert ended.stdout == text, ended.stderr


@pytest.mark.parametrize("name", ["GATEWAY_URL", "GATEWAY_ADMIN_URL"])
def test_where_commands_reach_the_gateway_must_be_a_url(name: str) -> None:
    """And a last / makes no difference."""
    with pytest.raises(SettingError, match=name):
        GatewaySettings.from_environment({"P_VALUE": "50", name: "kong:8000"})
    settings = GatewaySettings.from_environment({"P_VALUE": "50", name: "http://kong:8000/"})
    assert "http://kong:8000" in (settings.url, settings.admin_url)


def test_settings_reach_the_image_whole(state: Path) -> None:
    """The variables written for a process read back as the same settings."""
    settings = GatewaySettings(
        p_value=3,
        user_service_v1=("a:1", "b:2"),
        listen="127.0.0.1:1",
        admin_listen="127.0.0.1:2",
        api_keys=("k" * 16, "l" * 16),
        rate_limit_per_minute=4,
        request_size_limit=5,
        state=state.resolve(),
    )
    assert GatewaySettings.from_environment(variables(settings)) == settings


def test_the_kept_weight_wins_over_p_value(state: Path) -> None:
    """P_VALUE is only the first value, in the image too."""
    WeightFile(state).write(10)
    settings = GatewaySettings(p_value=90, state=state)
    if shutil.which("kong") is None:
        prepare(settings)
        assert "weight: 10\n" in (state / "kong.yml").read_text()
    ended = entry_point({"P_VALUE": "90", "GATEWAY_STATE_DIR": str(state)}, "render")
    assert "weight: 10\n" in ended.stdout


def test_a_kept_weight_that_is_none_is_named(state: Path) -> None:
    """A file somebody spoilt ends the start with its name."""
    (state / "weight").write_text("some\n")
    with pytest.raises(SettingError, match=str(state / "weight")):
        prepare(GatewaySettings(p_value=90, state=state))


def test_without_any_gateway_the_message_says_what_to_install(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither Kong nor HAProxy."""
    monkeypatch.setattr(shutil, "which", lambda _name, path=None: path and None)
    with pytest.raises(GatewayError, match="haproxy"):
        prepare(GatewaySettings(p_value=90, state=state))


def test_kong_is_taken_where_there_is_one(state: Path) -> None:
    """A kong command on the PATH wins."""
    kong = state / "kong"
    kong.write_text("#!/bin/sh\n")
    kong.chmod(0o755)
    gateway = prepare(GatewaySettings(p_value=90, state=state), path=str(state))
    assert gateway.kind is Kind.KONG
    assert gateway.command == ("bash", str(ENTRY_POINT))
    assert gateway.limits == ()


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere is not ours to stop")
def test_a_stop_ends_what_was_begun(start: Start, services: Services) -> None:
    """The request in flight gets its answer, and the exit status is 0."""
    gateway = start()
    assert gateway.gateway is not None
    assert gateway.process is not None
    stop = gateway.gateway.stop_signal
    process = gateway.process
    services.orders.behaviour.before_answer = lambda: process.send_signal(stop)
    assert httpx.get(f"{gateway.url}/orders/").status_code == httpx.codes.OK
    assert gateway.process.wait(40) == 0


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere is not ours to stop")
def test_a_terminated_gateway_ends_at_once(start: Start) -> None:
    """SIGTERM under load; HAProxy dies of the signal itself."""
    gateway = start()
    assert gateway.process is not None
    with Load(gateway.url) as load:
        until(lambda: load.answers.total > 50, "there is load")
        gateway.process.terminate()
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.skipif(shutil.which("kong") is not None, reason="Kong has no limits to tell")
def test_the_command_becomes_the_gateway_and_says_what_it_cannot_do(
    services: Services, state: Path
) -> None:
    """`gateway run` with variables alone: one process, which ends as the gateway does."""
    listen = f"127.0.0.1:{free_port()}"
    environment = {
        "PATH": os.environ["PATH"],
        "P_VALUE": "100",
        "USER_SERVICE_V1_TARGET": services.v1.address,
        "USER_SERVICE_V2_TARGET": services.v2.address,
        "ORDER_SERVICE_TARGET": services.orders.address,
        "KONG_PROXY_LISTEN": listen,
        "KONG_ADMIN_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEWAY_STATE_DIR": str(state),
    }
    command = [sys.executable, "-c", "from kong.commands import gateway; gateway()", "run"]
    log = state / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=ENTRY_POINT.parents[1], stdout=output, stderr=output
        )

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"http://{listen}/orders/").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    until(answers, "the gateway answers")
    process.send_signal(signal.SIGUSR1)
    assert process.wait(40) == 0
    for limit in LIMITS:
        assert limit in log.read_text()


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere writes its log elsewhere")
def test_a_request_is_one_line_of_the_log(start: Start, services: Services) -> None:
    """As JSON, with where it went, whatever the client put into its path and headers."""
    gateway = start()
    httpx.get(f"{gateway.url}/orders/?a=%22", headers={"X-Request-Id": 'quote"\\'})
    gateway.stop()
    lines = [line for line in gateway.log.read_text().splitlines() if '"request"' in line]
    entry = json.loads(lines[-1])
    assert entry["status"] == 200
    assert entry["path"] == "/orders/?a=%22"
    assert entry["route"] == "order_service_route"
    assert entry["target"] == services.orders.address
    assert entry["request_id"] == 'quote"\\'


def test_a_taken_port_is_named(state: Path) -> None:
    """The gateway's own message says which address."""
    with Backend("other") as other:
        gateway = prepare(GatewaySettings(p_value=1, state=state, listen=other.address))
        if gateway.kind is not Kind.HAPROXY:
            pytest.skip("Kong's message is Kong's")
        ended = subprocess.run(
            gateway.command, capture_output=True, text=True, check=False, timeout=30
        )
    assert ended.returncode != 0
    assert other.address in ended.stderr
