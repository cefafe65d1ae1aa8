"""What the gateway is started with, how it ends, and what it refuses to start with."""

import base64
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gateway.consumers import Consumer
from gateway.errors import ConfigurationError, GatewayError
from gateway.haproxy import LIMITS
from gateway.process import ENTRY_POINT, Kind, prepare, variables
from gateway.render import render
from gateway.settings import ApiKey, GatewaySettings
from gateway.splits import split_names
from gateway.weight_file import WeightFile
from local.ports import free_port
from services.reading import declared
from settings.environment import SettingError
from settings.log_format import LogFormat
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.load import Load
from tests.gateway.running import elsewhere
from tests.gateway.tokens import Issuer, p256, rsa
from tests.waiting import until

BAD = {
    "P_VALUE": ["", "-1", "101", "1.5", "30%", "010", "three"],
    "USER_SERVICE_V1_TARGET": ["user-service-v1", "http://a:5000", "a:b", "a b:5000", "a:1,b"],
    "ORDER_SERVICE_TARGET": ["order-service", "a:1,b"],
    "API_KEYS": [
        "short",
        "with space with space",
        'quote"quote"quote"',
        "shop:short",
        f"a shop:{'k' * 20}",
        f":{'k' * 20}",
        f"shop:{'k' * 20},till:{'k' * 20}",
    ],
    "REQUEST_SIZE_LIMIT": ["0", "1MB", "-5"],
    "RATE_LIMIT_PER_MINUTE": ["0", "many"],
    "READ_ONLY_CALLERS": ["nobody", "a b"],
    "RATE_LIMIT_PER_SECOND": ["many", "6001"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": ["collector:4318", "http://", "http://a b", "http://a/v1"],
    "OTEL_TRACES_SAMPLER_ARG": ["2", "-1", "10%", ".5"],
}
GOOD: list[Mapping[str, str]] = [
    {"P_VALUE": "70"},
    {"P_VALUE": "0", "API_KEYS": "key-number-one-1234,key-number-two-5678"},
    {"P_VALUE": "1", "API_KEYS": f"shop:{'a' * 16},till.2:{'b' * 16},shop:{'c' * 16},{'d' * 16}"},
    {"P_VALUE": "0", "API_KEYS": f"shop:{'a' * 16}", "READ_ONLY_CALLERS": "shop,*"},
    {"P_VALUE": "99", "USER_SERVICE_V1_TARGET": "a:1,b:2", "USER_SERVICE_V2_TARGET": "c:3,d:4"},
    {"P_VALUE": "100", "USER_SERVICE_V1_TARGET": "a:1,b:2", "USER_SERVICE_V2_TARGET": "c:3,d:4"},
    {"P_VALUE": "100", "REQUEST_SIZE_LIMIT": "5", "RATE_LIMIT_PER_MINUTE": "7"},
    {"P_VALUE": "100", "RATE_LIMIT_PER_MINUTE": "99999"},
    {"P_VALUE": "100", "RATE_LIMIT_PER_MINUTE": "500", "RATE_LIMIT_PER_SECOND": "500"},
    {"P_VALUE": "33", "USER_SERVICE_V2_TARGET": "localhost:5000"},
    {"P_VALUE": "33", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/"},
    {
        "P_VALUE": "33",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:1",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
    },
    {"P_VALUE": "33", "ORDER_SERVICE_TARGET": "a:1,b:2"},
]


def entry_point(
    variables: Mapping[str, str], *arguments: str, program: Path = ENTRY_POINT
) -> "subprocess.CompletedProcess[str]":
    """What docker-entrypoint.sh does in this environment."""
    environment = {"PATH": os.environ["PATH"], "GATEWAY_STATE_DIR": "/nonexistent", **variables}
    return subprocess.run(
        ["bash", str(program), *arguments],
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


PUBLIC_KEYS = {"RS256": Issuer().public_key, "ES256": Issuer(p256()).public_key}


def in_base64(text: str) -> str:
    """In one line, as a file of variables wants it."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("algorithm", PUBLIC_KEYS)
@pytest.mark.parametrize("given", ["PEM", "base64", "a file"])
@pytest.mark.parametrize("more", [{}, {"JWT_ISSUER": "https://idp/x", "JWT_AUDIENCE": "api"}])
def test_the_image_renders_what_python_renders_of_a_public_key(
    state: Path, algorithm: str, given: str, more: Mapping[str, str]
) -> None:
    """However it is given; with or without keys of other callers."""
    key = PUBLIC_KEYS[algorithm]
    (state / "key.pem").write_text("\n" + key.replace("\n", "\r\n"))
    variables = {
        "PEM": {"JWT_PUBLIC_KEY": key, "API_KEYS": f"shop:{'a' * 16}"},
        "base64": {"JWT_PUBLIC_KEY": in_base64(key), "API_KEYS": f"shop:{'a' * 16}"},
        "a file": {"JWT_PUBLIC_KEY_FILE": str(state / "key.pem"), "API_KEYS": "b" * 16},
    }
    environment = {"P_VALUE": "50", **variables[given], **more}
    settings = GatewaySettings.from_environment(environment)
    text, configuration = render(settings, 50)
    assert (settings.jwt_public_key, settings.jwt_algorithm) == (key, algorithm)
    ended = entry_point(environment, "render")
    assert ended.stdout == text, ended.stderr
    consumers = {each["username"]: each for each in yaml.safe_load(text)["consumers"]}
    (secret,) = consumers["_token"]["jwt_secrets"]
    expected = {"key": more.get("JWT_ISSUER", algorithm), "algorithm": algorithm}
    assert secret == {**expected, "rsa_public_key": key}
    assert len(configuration.consumers) == 1


def test_a_public_key_that_is_none_is_named(state: Path) -> None:
    """Of another kind, too short, private, cut, or none at all."""
    private = rsa().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    whole = PUBLIC_KEYS["RS256"]
    bad = {
        "short": Issuer(rsa(1024)).public_key,
        "private": private,
        "cut": whole.replace(whole.splitlines()[3], ""),
        "P-384": ec(SECP384R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "text": "secret",
        "certificate": whole.replace("PUBLIC KEY", "CERTIFICATE"),
        "two": whole * 2,
    }
    for what, text in bad.items():
        (state / what).write_text(text)
        for environment in (
            {"JWT_PUBLIC_KEY": text},
            {"JWT_PUBLIC_KEY": in_base64(text)},
            {"JWT_PUBLIC_KEY_FILE": str(state / what)},
        ):
            assert_refused({"API_KEYS": "k" * 20, **environment}, *environment)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"JWT_PUBLIC_KEY_FILE": "/none"}, "JWT_PUBLIC_KEY_FILE"),
        ({"JWT_PUBLIC_KEY_FILE": "/none", "JWT_PUBLIC_KEY": "x"}, "JWT_PUBLIC_KEY"),
        ({"JWT_ISSUER": "x"}, "JWT_ISSUER"),
        ({"JWT_AUDIENCE": "x"}, "JWT_AUDIENCE"),
        ({"JWT_PUBLIC_KEY": PUBLIC_KEYS["RS256"], "JWT_ISSUER": 'a"b'}, "JWT_ISSUER"),
        ({"JWT_PUBLIC_KEY": PUBLIC_KEYS["RS256"], "JWT_AUDIENCE": "a b"}, "JWT_AUDIENCE"),
        ({"JWT_PUBLIC_KEY": PUBLIC_KEYS["RS256"], "JWT_AUDIENCE": "a" * 256}, "JWT_AUDIENCE"),
    ],
)
def test_a_bad_setting_of_tokens_is_named(environment: Mapping[str, str], name: str) -> None:
    """In the image and without it."""
    assert_refused(environment, name)


def test_a_route_that_asks_for_what_nobody_has_is_told() -> None:
    """The orders ask for a key, and only tokens are known."""
    environment = {"P_VALUE": "50", "JWT_PUBLIC_KEY": PUBLIC_KEYS["ES256"]}
    with pytest.raises(ConfigurationError, match=r"API_KEYS must be set: .* asks for a key"):
        render(GatewaySettings.from_environment(environment), 50)
    assert "API_KEYS must be set" in entry_point(environment, "render").stderr


@pytest.mark.parametrize(
    "missing", ["          ${key.yaml}\n", "        plugins:\n          ${key.yaml}\n"]
)
def test_a_route_that_does_not_say_what_it_asks_for_is_refused(state: Path, missing: str) -> None:
    """It would be open: in the image and without it."""
    copied = shutil.copytree(ENTRY_POINT.parent, state / "kong")
    template = copied / "kong.yml.template"
    template.write_text(template.read_text().replace(missing, "", 1))
    with pytest.raises(ConfigurationError, match="plugins"):
        render(GatewaySettings(p_value=50), 50, template=template)
    ended = entry_point({"P_VALUE": "50"}, "render", program=copied / ENTRY_POINT.name)
    assert "does not say what it asks for" in ended.stderr


def assert_refused(environment: Mapping[str, str], *names: str) -> None:
    """Neither Python nor the image starts with these variables, and both name the first."""
    environment = {"P_VALUE": "50", **environment}
    with pytest.raises(SettingError, match=names[0]):
        GatewaySettings.from_environment(environment)
    ended = entry_point(environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert names[0] in ended.stderr


@pytest.mark.parametrize("name", ["GATEWAY_URL", "GATEWAY_ADMIN_URL"])
def test_where_commands_reach_the_gateway_must_be_a_url(name: str) -> None:
    """And a last / makes no difference."""
    with pytest.raises(SettingError, match=name):
        GatewaySettings.from_environment({"P_VALUE": "50", name: "kong:8000"})
    settings = GatewaySettings.from_environment({"P_VALUE": "50", name: "http://kong:8000/"})
    assert "http://kong:8000" in (settings.url, *settings.admin_urls)


def test_settings_reach_the_image_whole(state: Path) -> None:
    """The variables written for a process read back as the same settings."""
    settings = GatewaySettings(
        p_value=3,
        targets={each: (f"{each}:1", "b:2") for each in declared().ports},
        listen="127.0.0.1:1",
        admin_listen="127.0.0.1:2",
        given_url="http://kong:8000",
        given_admin_urls=("http://kong:8001",),
        log_format=LogFormat.CONSOLE,
        api_keys=(ApiKey("shop", "k" * 16), ApiKey("shop", "l" * 16)),
        jwt_public_key=PUBLIC_KEYS["ES256"],
        jwt_issuer="https://idp.example",
        jwt_audience="api",
        rate_limit_per_minute=4,
        rate_limit_per_second=3,
        read_only_callers=("shop", "*"),
        request_size_limit=5,
        state=state.resolve(),
    )
    assert GatewaySettings.from_environment(variables(settings)) == settings


def test_the_kept_weight_wins_over_p_value(state: Path) -> None:
    """P_VALUE is only the first value, in the image too."""
    WeightFile(state, split_names()).write(10)
    settings = GatewaySettings(p_value=90, state=state)
    if shutil.which("kong") is None:
        prepare(settings)
        assert '"weight": 10,' in (state / "kong.yml").read_text()
    ended = entry_point({"P_VALUE": "90", "GATEWAY_STATE_DIR": str(state)}, "render")
    assert '"weight": 10,' in ended.stdout


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
    command = [sys.executable, "-c", "from aware.gateway import gateway; gateway()", "run"]
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


@pytest.mark.parametrize("p", [0, 50, 100])
def test_a_version_that_is_to_get_nothing_is_no_target(p: int) -> None:
    """Kong would try it, even with weight 0, when the other's requests in hand are lost."""
    settings = GatewaySettings(p_value=p)
    _, configuration = render(settings, p)
    for version, name in configuration.splits[0].names.versions.items():
        weights = {each.version: each.weight for each in configuration.upstream(name).targets}
        assert weights.pop(version) == 65535
        assert set(weights.values()) == ({1} if p == 50 else set())


def test_a_caller_may_have_several_keys() -> None:
    """They are one consumer of Kong's, with one limit; a key without a name has one of its own."""
    given = f"shop:{'a' * 16},till:{'b' * 16},shop:{'c' * 16},{'d' * 16}"
    settings = GatewaySettings.from_environment({"P_VALUE": "50", "API_KEYS": given})
    _, configuration = render(settings, 50)
    assert configuration.consumers == (
        Consumer("shop", ("a" * 16, "c" * 16)),
        Consumer("till", ("b" * 16,)),
        Consumer("key-4", ("d" * 16,)),
    )
    assert "a" * 16 not in repr(settings) + repr(configuration)


def test_kong_is_given_no_reason_to_warn() -> None:
    """A null for each default whose old name it warns of, and health checks' headers as a map."""
    text, _ = render(GatewaySettings(p_value=50), 50)
    document = yaml.safe_load(text)
    (limit,) = [each["config"] for each in document["plugins"] if each["name"] == "rate-limiting"]
    assert limit["redis"] == dict.fromkeys(("port", "timeout", "database", "ssl", "ssl_verify"))
    assert not [name for name in limit if name.startswith("redis_")]
    for upstream in document["upstreams"]:
        assert isinstance(upstream["healthchecks"]["active"]["headers"], dict)


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
