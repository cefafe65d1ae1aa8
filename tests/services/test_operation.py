"""What operates and shows a service, and what happens when MongoDB is away."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from local.parts import event_processes, http_processes
from local.stack import Stack
from tests.services.conftest import new_order, new_user
from tests.waiting import until


@pytest.mark.parametrize("service", http_processes())
def test_a_service_shows_itself(client: Callable[[str], httpx.Client], service: str) -> None:
    """Health, metrics, the spec and Swagger UI with everything it loads, from the service alone."""
    http = client(service)
    assert http.get("/health/live").status_code == 200
    assert http.get("/health/ready").json() == {"status": "ready"}
    assert "http_request_duration_seconds" in http.get("/metrics").text
    assert http.get("/openapi.json").json()["openapi"] == "3.0.3"
    page = http.get("/ui/")
    assert page.status_code == 200
    assert "/openapi.json" in page.text
    for script in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert http.get(f"/ui/{script}").status_code == 200


def test_metrics_count_by_build_operation_and_status(v2: httpx.Client) -> None:
    """One more 404 of one operation is one more in its series."""
    series = 'http_request_duration_seconds_count{operation="get_user",status="404",version="v2"}'

    def figure() -> float:
        lines = v2.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(series))

    before = figure()
    assert v2.get("/users/nobody").status_code == 404
    assert figure() == before + 1


@pytest.mark.parametrize(
    ("part", "arguments", "said"),
    [
        ("order-consumer", ["dead-letters", "list"], ""),
        ("mongodb-setup", ["resync", "--user", "u4"], "1 "),
    ],
)
def test_the_sync_is_worked_on_with_the_logins_of_the_running_system(
    stack: Stack, part: str, arguments: list[str], said: str
) -> None:
    """Nobody has to look for a password."""
    done = subprocess.run(
        [sys.executable, "-m", "aware", "as", part, *arguments],
        env=os.environ | {"AWARE_STATE": str(stack.state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


@pytest.fixture
def without_mongodb(stack: Stack, gateway: httpx.Client) -> Iterator[Stack]:
    """The system with MongoDB stopped; afterwards as it was, the gateway's view included."""
    stack.stop_part("mongodb")
    yield stack
    stack.start_part("mongodb")
    for part in (*http_processes(), *event_processes()):
        stack.wait_healthy(part)
    until(lambda: reached(gateway) == {"v1", "v2"}, "both builds behind the gateway")
    until(lambda: gateway.get("/orders").is_success, "orders behind the gateway")


def reached(gateway: httpx.Client) -> set[str | None]:
    """The builds that refuse two users made out of nothing."""
    answers = [gateway.post("/users/", json={}) for _ in range(2)]
    return {answer.headers.get("X-Service-Version") for answer in answers}


def test_without_mongodb_every_operation_is_503(
    without_mongodb: Stack, client: Callable[[str], httpx.Client]
) -> None:
    """With Retry-After, within seconds; live but not ready."""
    assert without_mongodb.is_running()
    for service, path, body in (
        ("user-service-v1", "/users/", new_user()),
        ("user-service-v2", "/users/", new_user()),
        ("order-service", "/orders/", new_order()),
    ):
        answer = client(service).post(path, json=body)
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:aware:problem:service-unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        assert client(service).get("/health/live").status_code == 200
        assert client(service).get("/health/ready").status_code == 503
