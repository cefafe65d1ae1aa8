"""The paper's system after `docker compose up --build --wait`."""

import re
from collections import Counter

import httpx
import pytest

from models.fields.order import Order
from models.fields.user import User
from tests.compose.engine import ONE_SHOTS, PROCESSES, SERVICES, Compose
from tests.examples import ADDRESS, example
from tests.personal_data import personal_data
from tests.services.conftest import new_email
from tests.waiting import until


def in_step(gateway: httpx.Client, order: str, emails: list[str]) -> None:
    """Wait until an order has these addresses."""

    def has_them() -> bool:
        answer = gateway.get(f"/orders/{order}")
        return answer.is_success and bool(answer.json()[Order.userEmails] == emails)

    until(has_them, f"order {order} has {emails}")


@pytest.mark.parametrize("service", SERVICES)
def test_everything_is_healthy(system: Compose, service: str) -> None:
    """One container each."""
    (found,) = system.inspect(service)
    assert found["State"]["Health"]["Status"] == "healthy"


@pytest.mark.parametrize("service", ONE_SHOTS)
def test_the_set_ups_have_ended_well(system: Compose, service: str) -> None:
    """They run once."""
    (found,) = system.inspect(service)
    assert found["State"]["Status"] == "exited"
    assert found["State"]["ExitCode"] == 0


def test_the_papers_five_requests(system: Compose, gateway: httpx.Client) -> None:
    """As printed, on the seed; and the orders of the user follow."""
    assert system.containers("mongodb-setup")
    user = gateway.post("/users/", json=example("create_user"))
    assert user.status_code == 201, user.text
    assert gateway.get(user.headers["Location"]).status_code == 405  # internal
    sent = example("update_user")
    assert gateway.put("/users/u1", json=sent).status_code == 200
    order = gateway.post("/orders/", json=example("create_order"))
    assert order.status_code == 201, order.text
    status = gateway.put("/orders/o1/status", json=example("update_order_status"))
    assert status.json()[Order.orderStatus] == "shipping"
    listed = gateway.get("/orders?status=under%20process")
    assert {each[Order.orderStatus] for each in listed.json()} == {"under process"}
    for each in ("o1", "o6", "o11"):
        in_step(gateway, each, [*sent[User.emails]])
        assert (
            gateway.get(f"/orders/{each}").json()[Order.deliveryAddress]
            == sent[Order.deliveryAddress]
        )


def test_seventy_of_a_hundred_user_requests_go_to_v1(gateway: httpx.Client) -> None:
    """P_VALUE of `.env.example`."""
    answers = [gateway.put("/users/nobody", json=example("update_user")) for _ in range(100)]
    assert {each.status_code for each in answers} == {404}
    counted = Counter(each.headers["X-Service-Version"] for each in answers)
    assert abs(counted["v1"] - 70) <= 1
    assert counted.total() == 100


def test_a_second_set_up_changes_nothing(system: Compose, gateway: httpx.Client) -> None:
    """It ends well, and what users did stays."""
    emails = ["second.set-up@example.com"]
    sent = {User.emails: emails, User.deliveryAddress: ADDRESS}
    assert gateway.put("/users/u2", json=sent).status_code == 200
    in_step(gateway, "o2", emails)
    done = system("run", "--rm", "-T", "mongodb-setup")
    assert "Seed: 0 users and 0 orders were missing" in done.stdout
    assert gateway.get("/orders/o2").json()[Order.userEmails] == emails


def test_mongodb_logs_a_refusal_without_what_it_refused(
    system: Compose, gateway: httpx.Client
) -> None:
    """By itself it quotes the whole change: here an address that another user has."""
    taken = {User.emails: [new_email()]}
    assert gateway.post("/users/", json=example("create_user") | taken).status_code == 201
    assert gateway.put("/users/u3", json=taken).status_code == 409

    def log() -> str:
        return system("logs", "--no-log-prefix", "mongodb").stdout

    until(lambda: '"Plan executor error during findAndModify","attr":{}}' in log(), "it is logged")
    assert personal_data(log()) == []


@pytest.mark.parametrize("service", [*SERVICES])
def test_a_container_is_as_confined_as_it_says(system: Compose, service: str) -> None:
    """What the engine made of it: and the process in it is not root's, where the image is ours."""
    (found,) = system.inspect(service)
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["Memory"] > 0
    if service in PROCESSES:
        written = system.python(service, "open('/app/x', 'w')")
        assert "Read-only file system" in written.stderr
        status = system.python(service, "print(open('/proc/1/status').read())").stdout
        lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert lines["Uid"].split() == ["10001"] * 4
        assert int(lines["CapEff"], 16) == 0
        assert lines["NoNewPrivs"] == "1"


def test_only_the_gateway_is_reached_from_outside(system: Compose) -> None:
    """And on loopback alone."""
    published = {
        service: [
            (port, binding["HostIp"])
            for port, bindings in found["NetworkSettings"]["Ports"].items()
            for binding in bindings or []
        ]
        for service in SERVICES
        for found in system.inspect(service)
    }
    assert published.pop("kong") == [("8000/tcp", "127.0.0.1")]
    assert not any(published.values())


@pytest.mark.parametrize(
    ("service", "other", "port"),
    [
        ("kong", "mongodb", 27017),
        ("kong", "rabbitmq", 5673),
        ("kong", "user-relay", 5000),
        ("user-service-v1", "rabbitmq", 5673),
        ("order-service", "rabbitmq", 5673),
        ("user-relay", "kong", 8000),
    ],
)
def test_a_service_does_not_reach_what_it_has_no_business_with(
    system: Compose, service: str, other: str, port: int
) -> None:
    """Neither by name nor by address; nobody has a login to lose there."""
    (found,) = system.inspect(other)
    networks = found["NetworkSettings"]["Networks"].values()
    for host in (other, *(each["IPAddress"] for each in networks)):
        # bash rather than Python, which Kong's image has not.
        connect = f"exec 3<>/dev/tcp/{host}/{port}"
        command = ("timeout", "5", "bash", "-c", connect)
        assert system("exec", "-T", service, *command, check=False).returncode != 0
        itself = system("exec", "-T", other, *command, check=False)
        assert itself.returncode == 0, itself.stderr


def test_no_service_reaches_the_admin_api_or_the_world(system: Compose) -> None:
    """The operator does reach the first."""
    connect = "import socket; socket.create_connection(({!r}, {}), 5)"
    assert system.python("order-service", connect.format("kong", 8000)).returncode == 0
    assert system.python("order-service", connect.format("kong", 8001)).returncode != 0
    assert system.python("order-service", connect.format("kong-admin", 8001)).returncode != 0
    route = "print(open('/proc/net/route').read())"
    destinations = re.findall(
        r"^eth\d+\t(\w+)", system.python("order-service", route).stdout, re.MULTILINE
    )
    assert destinations
    assert "00000000" not in destinations  # the default route
    operator = system(
        "run", "--rm", "-T", "--entrypoint", "python", "operator",
        "-c", connect.format("kong-admin", 8001),
    )  # fmt: skip
    assert operator.returncode == 0
