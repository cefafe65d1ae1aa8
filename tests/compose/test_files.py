"""What the files say that users have, before anything runs."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from storage.client import Json
from tests.compose.engine import OBSERVERS, ONE_SHOTS, PROCESSES, ROOT, SERVICES, TOOLS, Compose

DEBUG = ("docker-compose.yml", "docker-compose.debug.yml")
TEXT = (ROOT / "docker-compose.yml").read_text()
REQUIRED = sorted(set(re.findall(r"\$\{([A-Z_]+):\?", TEXT)))
ASKED_FOR_LATER = {"SEED", "GRAFANA_ADMIN_PASSWORD"}


@pytest.fixture(scope="module")
def debugging(clone: Path) -> Json:
    """The same with the ports for debugging."""
    return Compose(clone, {}, DEBUG).configuration()


def published(configuration: Json) -> set[tuple[str, str, int]]:
    """Who publishes what: service, address and port on this machine, port in the container."""
    return {
        (name, f"{port.get('host_ip')}:{port['published']}", port["target"])
        for name, service in configuration["services"].items()
        for port in service.get("ports", [])
    }


def test_the_services_have_the_papers_names(configuration: Json) -> None:
    """Beside them the relay, the consumer, the broker's set-up, and what is run by hand."""
    assert set(configuration["services"]) == {*SERVICES, *ONE_SHOTS, *TOOLS, *OBSERVERS}
    for profile, names in (("tools", TOOLS), ("observability", OBSERVERS)):
        for name in names:
            assert configuration["services"][name]["profiles"] == [profile]


def test_public_images_are_named_by_minor_version(configuration: Json) -> None:
    """Neither `latest`, nor a patch to be raised by hand, where there is a choice."""
    services = configuration["services"]
    assert services["mongodb"]["image"] == "mongo:8.0"
    assert services["rabbitmq"]["image"] == "rabbitmq:4.1-management"
    assert services["prometheus"]["image"] == "prom/prometheus:v3.5.0"
    assert services["grafana"]["image"] == "grafana/grafana:12.1.0"
    assert "FROM kong:3.9\n" in (ROOT / "kong" / "Dockerfile").read_text()
    assert "ARG PYTHON_IMAGE=python:3.13-slim\n" in (ROOT / "Dockerfile").read_text()


def test_all_python_processes_are_one_image(configuration: Json) -> None:
    """Built once."""
    ours = {
        name: service
        for name, service in configuration["services"].items()
        if name in (*PROCESSES, *ONE_SHOTS, *TOOLS, "exporter")
    }
    assert {each["image"] for each in ours.values()} == {"aware-micro-services:dev"}
    assert [name for name, each in ours.items() if "build" in each] == ["mongodb-setup"]


def test_only_the_gateway_is_published_and_on_loopback(configuration: Json) -> None:
    """Unless GATEWAY_BIND says otherwise; with the profile observability what shows it, too."""
    assert published(configuration) == {
        ("kong", "127.0.0.1:8000", 8000),
        ("prometheus", "127.0.0.1:9090", 9090),
        ("grafana", "127.0.0.1:3000", 3000),
    }


def test_another_address_of_the_gateway_is_known_to_who_checks_it(clone: Path) -> None:
    """Kong refuses it without keys, the set-ups with passwords that everybody knows."""
    found = Compose(clone, {"GATEWAY_BIND": "192.0.2.1"}).configuration()
    beyond = {each for each in published(found) if not each[1].startswith("127.0.0.1:")}
    assert beyond == {("kong", "192.0.2.1:8000", 8000)}
    for name in ("kong", *ONE_SHOTS):
        assert found["services"][name]["environment"]["GATEWAY_ADDRESS"] == "192.0.2.1"


def test_a_network_has_only_those_who_talk_to_each_other(configuration: Json) -> None:
    """Only the gateway is reached from outside, and nothing else reaches what is outside."""
    members: dict[str, set[str]] = {}
    for name, service in configuration["services"].items():
        for network in service.get("networks") or {}:
            members.setdefault(network, set()).add(name)
    services = {"order-service", "user-service-v1", "user-service-v2"}
    sync = {"user-relay", "order-consumer"}
    assert members == {
        "outer": {"kong"},
        "observers": {"prometheus", "grafana", "forward"},
        "status": {"kong", "exporter", "prometheus", "forward"},
        "admin": {"kong", "operator"},
        "front": {"kong", "operator", "forward", "prometheus", *services},
        "inner": {"mongodb", "mongodb-setup", *TOOLS, *services, *sync},
        "broker": {"rabbitmq", "operator", "forward", "prometheus", *sync},
    }
    leading_outside = [
        name for name, each in configuration["networks"].items() if not each.get("internal")
    ]
    assert leading_outside == ["observers", "outer"]


def test_the_second_file_publishes_the_papers_ports_on_loopback(debugging: Json) -> None:
    """For debugging; Kong Manager and RabbitMQ's management page among them."""
    found = published(debugging)
    assert {where.rpartition(":")[0] for _, where, _ in found} == {"127.0.0.1"}
    assert {(name, int(where.rpartition(":")[2])) for name, where, _ in found} == {
        ("kong", 8000),
        ("kong", 8001),
        ("kong", 8002),
        ("order-service", 5001),
        ("user-service-v1", 5002),
        ("user-service-v2", 5003),
        ("order-consumer", 5011),
        ("user-relay", 5012),
        ("rabbitmq", 5673),
        ("rabbitmq", 15672),
        ("mongodb", 27017),
        ("prometheus", 9090),
        ("grafana", 3000),
    }


@pytest.mark.parametrize("name", [*SERVICES, *ONE_SHOTS, *TOOLS, *OBSERVERS])
def test_every_container_is_confined(configuration: Json, name: str) -> None:
    """No writing but to volumes and /tmp, no capability, bounded memory, processes and logs."""
    service = configuration["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["mem_limit"]) <= 1024**3
    assert int(service["pids_limit"]) <= 512
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert not service.get("privileged")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_and_comes_back(configuration: Json, name: str) -> None:
    """After a crash, and after a restart of the machine."""
    service = configuration["services"][name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"


def test_http_services_wait_for_the_set_up_alone(configuration: Json) -> None:
    """And nobody waits for the broker."""
    for name in PROCESSES:
        assert set(configuration["services"][name]["depends_on"]) == {"mongodb-setup"}, name
    waiting = [
        name
        for name, service in configuration["services"].items()
        if "rabbitmq" in service.get("depends_on", {})
    ]
    assert waiting == []


def test_data_is_in_named_volumes(configuration: Json) -> None:
    """What must outlive the containers."""
    assert {"mongodb-data", "rabbitmq-data", "gateway-state"} <= set(configuration["volumes"])
    assert configuration["services"]["rabbitmq"]["hostname"] == "rabbitmq"


def test_each_process_knows_its_own_passwords_alone(configuration: Json, clone: Path) -> None:
    """Those of `.env.example` are all different, so that one tells whose it is."""
    lines = (clone / ".env.example").read_text().splitlines()
    passwords = {
        value: name
        for name, _, value in (line.partition("=") for line in lines)
        if name.endswith("_PASSWORD")
    }
    assert len(passwords) == 11
    known: dict[str, Any] = {
        service: {passwords[value] for value in found["environment"].values() if value in passwords}
        for service, found in configuration["services"].items()
        if found.get("environment")
    }
    assert known["order-service"] == {"ORDER_SERVICE_MONGO_PASSWORD"}
    assert known["user-service-v1"] == known["user-service-v2"] == {"USER_SERVICE_MONGO_PASSWORD"}
    assert known["user-relay"] == {"USER_RELAY_MONGO_PASSWORD", "USER_RELAY_RABBITMQ_PASSWORD"}
    assert known["order-consumer"] == {
        "ORDER_CONSUMER_MONGO_PASSWORD",
        "ORDER_CONSUMER_RABBITMQ_PASSWORD",
    }
    assert known["backup"] == {"BACKUP_READER_MONGO_PASSWORD"}
    assert known["smoke-test"] == {"SMOKE_TEST_MONGO_PASSWORD"}
    assert known["grafana"] == {"GRAFANA_ADMIN_PASSWORD"}
    assert known["kong"] == known["exporter"] == set()
    assert known["mongodb"] == {"MONGO_ROOT_PASSWORD"}
    assert "rabbitmq" not in known


@pytest.mark.parametrize("variable", REQUIRED)
def test_a_missing_variable_is_named(clone: Path, variable: str) -> None:
    """With where to look; nothing is started."""
    done = Compose(clone, {variable: ""})("up", check=False)
    assert done.returncode != 0
    assert variable in done.stderr
    assert ".env.example" in done.stderr


def test_the_example_holds_every_variable_and_no_other(clone: Path) -> None:
    """What the compose file reads, `.env.example` tells."""
    read = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    lines = (clone / ".env.example").read_text().splitlines()
    told = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert told == read


def test_the_examples_defaults_are_those_of_the_file(clone: Path, configuration: Json) -> None:
    """Leaving a variable out is the same as leaving it as it is."""
    lines = (clone / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    chosen = {name: "" for name in given if name not in REQUIRED and name not in ASKED_FOR_LATER}
    assert len(chosen) > 5
    assert Compose(clone, chosen).configuration() == configuration


def test_swarm_reads_the_stack_without_a_word() -> None:
    """Nothing of it is ignored, and nothing is refused."""
    settings = dict.fromkeys([*REQUIRED, "AWARE_SECRETS", "AWARE_VERSION"], "1")
    done = subprocess.run(
        ["docker", "stack", "config", "--compose-file", "deploy/stack.yml"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout)["services"].keys() == {*SERVICES}
