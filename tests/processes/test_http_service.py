"""An HTTP service as gunicorn starts it: wrong settings, several workers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.ports import Ports
from local.stack import Stack
from tests.waiting import until

COMMAND = [
    *(sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py"),
    "processes.service:create('order-service')",
]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(databases: Stack) -> Iterator[Start]:
    """Start an order service of its own with some variables changed."""
    running: list[subprocess.Popen[str]] = []
    env = databases.environment("order-service") | {
        "PATH": os.environ["PATH"],
        "LOG_FORMAT": "json",
    }

    def run(**changes: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            COMMAND,
            env=env | changes,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield run
    for each in running:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MONGO_URI": ""}, "MONGO_URI is not set"),
        ({"MONGO_PASSWORD": ""}, "MONGO_PASSWORD is not set"),
        (
            {"MONGO_PASSWORD": "x", "MONGO_PASSWORD_FILE": "/dev/null"},
            "MONGO_PASSWORD and MONGO_PASSWORD_FILE are both set: set one of them",
        ),
        ({"VALIDATE_RESPONSES": "perhaps"}, "VALIDATE_RESPONSES must be true or false"),
        ({"WORKERS": "many"}, "WORKERS must be a whole number from 1 to 64"),
        ({"DRAIN_SECONDS": "a while"}, "DRAIN_SECONDS must be a whole number from 0 to 60"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be one of auto, console, json"),
    ],
)
def test_a_wrong_setting_ends_the_start_and_is_named(
    start: Start, changes: dict[str, str], reason: str
) -> None:
    """Not started again for ever, no traceback."""
    process = start(BIND=f"127.0.0.1:{Ports.free()['order-service']}", **changes)
    log, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert reason in log
    assert "Traceback" not in log


def test_a_service_that_is_told_to_end_drains_first(start: Start) -> None:
    """It answers what still comes, new connections too, until the gateway has had its time."""
    url = f"http://127.0.0.1:{Ports.free()['order-service']}"
    process = start(BIND=url.removeprefix("http://"), DRAIN_SECONDS="4")
    until(lambda: answers(f"{url}/health/ready"), "it is ready")
    process.send_signal(signal.SIGTERM)
    until(lambda: not answers(f"{url}/health/ready"), "it drains")
    refusal = httpx.get(f"{url}/health/ready")
    assert (refusal.status_code, refusal.json()) == (503, {"status": "draining"})
    assert httpx.get(f"{url}/orders/").status_code == 200
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_service_stays_ready_for_as_long_as_names_lead_to_it(start: Start) -> None:
    """Told to end, it is ready at first, then drains, and goes on answering all the time."""
    url = f"http://127.0.0.1:{Ports.free()['order-service']}"
    process = start(BIND=url.removeprefix("http://"), DRAIN_AFTER_SECONDS="3", DRAIN_SECONDS="3")
    until(lambda: answers(f"{url}/health/ready"), "it is ready")
    process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    assert answers(f"{url}/health/ready")
    until(lambda: not answers(f"{url}/health/ready"), "it drains")
    assert time.monotonic() - told > 2
    assert httpx.get(f"{url}/orders/").status_code == 200
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_metrics_are_summed_over_workers(start: Start, tmp_path: Path) -> None:
    """Whichever worker is asked tells the figures of all; nothing is left when it has ended."""
    before = set(Path("/dev/shm").glob("metrics-*"))  # noqa: S108 - where they are
    url = f"127.0.0.1:{Ports.free()['order-service']}"
    process = start(BIND=url, WORKERS="2", TMPDIR=str(tmp_path))
    until(lambda: answers(f"http://{url}/health/live"), "it lives")
    for _ in range(40):  # connections of their own, so that both workers get some
        httpx.get(f"http://{url}/orders/nobody")
    series = 'http_request_duration_seconds_count{operation="get_order",status="404",version="v1"}'
    lines = httpx.get(f"http://{url}/metrics").text.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith(series)] == ["40.0"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert set(Path("/dev/shm").glob("metrics-*")) == before  # noqa: S108


def answers(url: str) -> bool:
    """Whether there is an answer."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
