"""Several replicas of a service: P is still the share, and replicas come and go unnoticed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import httpx
import pytest

from models.fields.user import User
from observability.metrics import HTTP_REQUEST_DURATION
from tests.compose.engine import PROCESSES, Compose, docker
from tests.compose.test_operator import operator
from tests.compose.test_system import in_step
from tests.examples import ADDRESS
from tests.gateway.load import Answers, Load, Request
from tests.waiting import until

SCALE = {"order-service": 3, "user-service-v2": 2, "user-relay": 2, "order-consumer": 2}
CONNECTIONS = 8
WORKERS = 2
"""Kong's, each of which counts for itself."""

_JSON = {"Content-Type": "application/json"}
_EMAILS = json.dumps({User.emails: ["nobody@example.com"]}).encode()
# Neither changes what another test looks at.
USERS = Request("PUT", "/users/nobody", _EMAILS, _JSON)
ORDERS = Request("PUT", "/orders/o15/status", b'{"orderStatus": "shipping"}', _JSON)
_ANSWERED = f"{HTTP_REQUEST_DURATION.name}_count"
_METRICS = (
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:5000/metrics').read().decode())"
)


def scale(system: Compose, replicas: Mapping[str, int], *options: str) -> None:
    """As many containers of each service, one where nothing is said, all of them ready."""
    numbers = dict.fromkeys(PROCESSES, 1) | dict(replicas)
    scales = [f"--scale={service}={number}" for service, number in numbers.items()]
    system("up", "--wait", "--no-build", "--no-deps", *options, *scales, *PROCESSES)


@pytest.fixture(scope="module")
def scaled(system: Compose) -> Iterator[Compose]:
    """The system with replicas, P at 30; as it was, afterwards."""
    scale(system, SCALE)
    operator(system, "gateway", "weight", "30", "--requests", "0")
    yield system
    operator(system, "gateway", "weight", "70", "--requests", "0")
    scale(system, {})


@pytest.fixture
def url(scaled: Compose) -> str:
    """Where the gateway is."""
    return f"http://127.0.0.1:{scaled.variables['GATEWAY_PORT']}"


def answered(container: str) -> float:
    """How many requests a replica has answered."""
    lines = docker("exec", container, "python", "-c", _METRICS).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(_ANSWERED))


def more(load: Load, number: int = 300) -> None:
    """Wait until so many more requests were sent."""
    until(partial(load.grown, load.answers.total + number), f"{number} more requests")


def told(capsys: pytest.CaptureFixture[str], what: str, answers: Answers) -> None:
    """Print the figures."""
    with capsys.disabled():
        print(  # noqa: T201 - the figures are asked for
            f"\n{what}: {answers.total} requests, {answers.failed} failed, "
            f"v1 {answers.builds['v1']}, v2 {answers.builds['v2']}"
        )


@pytest.mark.parametrize("p", [0, 50, 100, 30])
def test_p_is_the_share_of_requests(scaled: Compose, gateway: httpx.Client, p: int) -> None:
    """One container of v1 and two of v2; the command counts the same."""
    said = operator(scaled, "gateway", "weight", str(p))
    assert f"v1: {p} of 100" in said
    answers = [gateway.put(USERS.path, json=json.loads(USERS.body)) for _ in range(200)]
    counted = Counter(answer.headers["X-Service-Version"] for answer in answers)
    assert (counted["v1"], counted["v2"]) == (2 * p, 200 - 2 * p)


def test_the_status_counts_replicas(scaled: Compose) -> None:
    """Of each build."""
    said = operator(scaled, "gateway", "status")
    assert "v1 user-service-v1:5000: up\n" in said
    assert "v2 user-service-v2:5000: up at 2 of 2 addresses" in said


@pytest.mark.parametrize(
    ("service", "request_"), [("order-service", ORDERS), ("user-service-v2", USERS)]
)
def test_every_replica_gets_requests(
    scaled: Compose, url: str, service: str, request_: Request
) -> None:
    """And none is called on its own."""
    containers = scaled.containers(service)
    assert len(containers) == SCALE[service]
    before = {container: answered(container) for container in containers}
    with Load(url, CONNECTIONS, request_) as load:
        until(lambda: all(answered(c) > before[c] + 10 for c in containers), "all are called")
    assert load.answers.failed == 0, (load.answers.failures, load.answers.statuses)


def test_replicas_come_and_go_under_load(
    scaled: Compose, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A third of v2 and its end again: it is called, P is P all the time, and nothing fails."""
    old = set(scaled.containers("user-service-v2"))
    with Load(url, CONNECTIONS, USERS) as load:
        more(load)
        scale(scaled, {**SCALE, "user-service-v2": 3}, "--no-recreate")
        (new,) = set(scaled.containers("user-service-v2")) - old
        until(lambda: answered(new) > 0, "the new one is called")
        more(load)
        scale(scaled, SCALE, "--no-recreate")
        assert set(scaled.containers("user-service-v2")) == old
        more(load)
    answers = load.answers
    told(capsys, "a third replica came and went", answers)
    assert answers.failed == 0, (answers.failures, answers.statuses)
    assert abs(answers.builds["v1"] - 0.3 * answers.total) <= WORKERS


@pytest.mark.parametrize(
    ("service", "request_"),
    [("order-service", ORDERS), ("user-service-v2", USERS), ("user-service-v1", USERS)],
)
def test_a_stop_costs_no_request(
    scaled: Compose,
    url: str,
    service: str,
    request_: Request,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The other replicas serve; where it was the last one of a build, the other build."""
    container = scaled.containers(service)[0]
    with Load(url, CONNECTIONS, request_) as load:
        more(load)
        docker("stop", container)
        more(load)
        docker("start", container)
        scaled.healthy(service)
        until(lambda: answered(container) > 0, "it is called again")
        more(load)
    told(capsys, f"one of {service} stopped and started", load.answers)
    assert load.answers.failed == 0, (load.answers.failures, load.answers.statuses)


@pytest.mark.parametrize(
    ("service", "request_"),
    [("order-service", ORDERS), ("user-service-v2", USERS), ("user-service-v1", USERS)],
)
def test_a_kill_costs_what_was_in_flight_and_no_more(
    scaled: Compose,
    url: str,
    service: str,
    request_: Request,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A connection has one request in flight; what comes after finds another replica."""
    container = scaled.containers(service)[0]
    with Load(url, CONNECTIONS, request_) as load:
        until(lambda: answered(container) > 0, "it is called")
        more(load)
        docker("kill", container)
        more(load)
        failed = load.answers.failed
        more(load)
    docker("start", container)
    scaled.healthy(service)
    with Load(url, CONNECTIONS, request_):
        until(lambda: answered(container) > 0, "it is called again")
    told(capsys, f"one of {service} killed", load.answers)
    # A client can be cut off twice: by the death of the process, and by that of its accept queue.
    assert load.answers.failed == failed <= 2 * CONNECTIONS, load.answers.failures


def test_a_replaced_container_is_called_no_more(
    scaled: Compose, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The only one of v1: the new one, at another address, comes before the old one goes."""
    (old,) = scaled.containers("user-service-v1")
    with Load(url, CONNECTIONS, USERS) as load:
        more(load)
        scale(scaled, {**SCALE, "user-service-v1": 2}, "--no-recreate")
        (new,) = set(scaled.containers("user-service-v1")) - {old}
        until(lambda: answered(new) > 0, "the new one is called")
        docker("stop", old)
        docker("rm", old)
        more(load)
    told(capsys, "user-service-v1 replaced", load.answers)
    assert load.answers.failed == 0, (load.answers.failures, load.answers.statuses)
    assert abs(load.answers.builds["v1"] - 0.3 * load.answers.total) <= WORKERS


def test_two_relays_and_two_consumers_keep_all_in_step(
    scaled: Compose, gateway: httpx.Client
) -> None:
    """Also when one of each is killed meanwhile."""
    listed = scaled("exec", "-T", "rabbitmq", "rabbitmqctl", "--quiet", "list_consumers").stdout
    assert sum("user_updates" in line for line in listed.splitlines()) == 2
    killed = [scaled.containers(each)[0] for each in ("user-relay", "order-consumer")]
    for change in range(30):
        for user in ("u3", "u4"):
            emails = [f"{user}.{change}@scale.example.com"]
            body = {User.emails: emails, User.deliveryAddress: ADDRESS}
            assert gateway.put(f"/users/{user}", json=body).status_code == 200
        if change == 10:
            docker("kill", *killed)
    for order, user in (("o3", "u3"), ("o8", "u3"), ("o4", "u4"), ("o9", "u4")):
        in_step(gateway, order, [f"{user}.29@scale.example.com"])
    docker("start", *killed)
    for each in ("user-relay", "order-consumer"):
        scaled.healthy(each)
