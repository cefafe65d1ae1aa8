"""What a server runs, made from docker-compose.yml."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from generate.stack import stack
from openapi.errors import InvalidDocumentError
from tests.compose.engine import ROOT, SERVICES

COMPOSE = (ROOT / "docker-compose.yml").read_text()
Document = dict[str, Any]


@pytest.fixture(scope="module")
def made() -> Document:
    """The stack file as data."""
    document: Document = yaml.safe_load(stack(COMPOSE, ROOT)["deploy/stack.yml"])
    return document


def changed(change: Callable[[Document], object]) -> str:
    """docker-compose.yml with a change."""
    document = yaml.safe_load(COMPOSE)
    change(document["services"])
    return yaml.safe_dump(document)


def test_it_has_what_runs_all_the_time(made: Document) -> None:
    """Not what runs once, and no tool."""
    assert made["services"].keys() == {*SERVICES}
    for name, each in made["services"].items():
        assert each["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}, name
        assert (each["read_only"], each["cap_drop"]) == (True, ["ALL"]), name
        scratch = [e["target"] for e in each["volumes"] if isinstance(e, dict)]
        assert "/tmp" in scratch, name  # noqa: S108


def test_no_secret_is_in_the_environment(made: Document) -> None:
    """Each is in a file of its own, which the variable of the setting names."""
    for name, each in made["services"].items():
        for variable, value in each["environment"].items():
            assert not re.search(r"\$\{\w*(PASSWORD|API_KEYS|TLS_KEY)", str(value)), name
            if str(value).startswith("/run/secrets/"):
                assert variable.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in each["secrets"]
    used = {secret for each in made["services"].values() for secret in each.get("secrets", ())}
    assert used == made["secrets"].keys()
    assert made["services"]["user-relay"]["secrets"] == [
        "USER_RELAY_MONGO_PASSWORD",
        "USER_RELAY_RABBITMQ_PASSWORD",
    ]


def test_swarm_ends_no_service_for_what_it_waits_for(made: Document) -> None:
    """Ready once, it need only be alive; and what is busy for a minute is left alone."""
    for name, each in made["services"].items():
        assert each["healthcheck"]["retries"] == 4, name
        assert "ready" not in each["healthcheck"]["test"], name
    assert made["services"]["order-service"]["healthcheck"]["test"][-1] == "started"


def test_what_keeps_data_is_never_there_twice(made: Document) -> None:
    """Two processes on one folder would ruin it; all else starts beside the one before."""
    orders = {n: e["deploy"]["update_config"]["order"] for n, e in made["services"].items()}
    alone = {name for name, order in orders.items() if order == "stop-first"}
    assert alone == {"mongodb", "rabbitmq", "kong"}
    assert {made["services"][name]["hostname"] for name in ("mongodb", "rabbitmq")} == {
        "mongodb",
        "rabbitmq",
    }


def test_only_the_gateway_is_published_by_tls(made: Document) -> None:
    """With the keys that Swarm's ports, which are every address's, make necessary."""
    published = {name: each["ports"] for name, each in made["services"].items() if "ports" in each}
    assert [port["target"] for port in published.pop("kong")] == [8443]
    assert published == {}
    assert made["services"]["kong"]["environment"]["GATEWAY_ADDRESS"] == "0.0.0.0"  # noqa: S104


def test_a_service_of_ones_own_is_in_it() -> None:
    """With a folder of its own and a file of the repository."""
    own = {
        "image": "redis:8",
        "volumes": ["cache:/data", "./specs/user.yaml:/etc/user.yaml:ro"],
        "networks": ["inner"],
        "mem_limit": "64m",
        "environment": {"REDIS_PASSWORD": "${REDIS_PASSWORD:?}"},
    }
    made = yaml.safe_load(
        stack(changed(lambda services: services.update(redis=own)), ROOT)["deploy/stack.yml"]
    )
    redis = made["services"]["redis"]
    assert redis["environment"] == {"REDIS_PASSWORD_FILE": "/run/secrets/REDIS_PASSWORD"}
    assert redis["configs"] == [{"source": "specs-user.yaml", "target": "/etc/user.yaml"}]
    assert made["configs"]["specs-user.yaml"] == {"file": "../specs/user.yaml"}
    assert redis["deploy"]["resources"] == {"limits": {"memory": "64m"}}
    assert "cache" in made["volumes"]


@pytest.mark.parametrize(
    ("word", "value", "why"),
    [
        ("privileged", True, "a deployment does not know how to tell Swarm that"),
        ("ports", ["127.0.0.1:1:1"], "Swarm publishes to every address: leave them out"),
        ("volumes", ["/etc/passwd:/etc/passwd"], "/etc/passwd is neither a volume nor a file"),
        ("volumes", [{"type": "volume"}], "what is written so is neither a volume nor a file"),
        ("volumes", ["./specs:/specs"], "./specs is a folder: name its files"),
        ("environment", ["A=1"], "write it by name, which is understood here"),
        ("tmpfs", "/tmp", "write it as a list, which is understood here"),  # noqa: S108
        ("tmpfs", ["/tmp:size=1m"], "name the folder alone, without options"),  # noqa: S108
        ("security_opt", ["apparmor=x"], "no-new-privileges:true is the engine's; it has no other"),
        ("build", ".", "a deployment pulls its image: leave this out"),
        ("networks", [], "name those it is to be in"),
    ],
)
def test_what_swarm_cannot_be_told_is_refused(word: str, value: object, why: str) -> None:
    """In one line, by its place."""
    compose = changed(lambda services: services["order-service"].update({word: value}))
    with pytest.raises(InvalidDocumentError) as refusal:
        stack(compose, ROOT)
    assert str(refusal.value).startswith(
        f"docker-compose.yml: services.order-service.{word}: {why}"
    )


def test_what_is_no_yaml_is_refused_by_its_line() -> None:
    """Not with a traceback."""
    with pytest.raises(InvalidDocumentError, match=r"^docker-compose\.yml: .* line 2"):
        stack("services:\n  kong: [", ROOT)
