"""The span of a request, and the names that everything which it causes goes by."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.ports import Ports
from local.stack import Stack
from storage.client import MongoSettings, connect_blocking
from storage.system_fields import CAUSES, OUTBOX, name_of, value_of
from tests.tracing.receiver import Collector, Span, collector
from tests.waiting import until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
CHANGE = {"emails": ["traced@example.com"]}


@dataclass(frozen=True)
class Running:
    """A service: where it answers, and its arbiter."""

    url: str
    process: "subprocess.Popen[bytes]"


Start = Callable[..., Running]


@pytest.fixture
def taken() -> Iterator[Collector]:
    """A collector."""
    with collector() as made:
        yield made


@pytest.fixture
def start(databases: Stack, tmp_path: Path) -> Iterator[Start]:
    """Start a user service of its own, with some variables changed. Its log is `tmp_path`/log."""
    running: list[Running] = []
    given = databases.environment("user-service-v1") | {
        "PATH": os.environ["PATH"],
        "LOG_FORMAT": "json",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }

    def run(**changes: str) -> Running:
        address = Ports.free().address("user-service-v1")
        with (tmp_path / "log").open("wb") as log:
            command = [sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py"]
            process = subprocess.Popen(
                [*command, "processes.service:create('user-service', 'v1')"],
                env=given | {"BIND": address} | changes,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        made = Running(f"http://{address}", process)
        running.append(made)
        until(lambda: _is_live(made.url), "the service is there")
        return made

    yield run
    for each in running:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()


def test_a_request_is_a_span_of_its_clients_trace_with_mongodbs_below(
    start: Start, taken: Collector
) -> None:
    """By the semantic conventions; nothing else of the process is traced."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=taken.url)
    headers = {"traceparent": SAMPLED, "X-Request-Id": "r-1"}
    answer = httpx.put(f"{service.url}/users/u1", json=CHANGE, headers=headers)
    assert answer.is_success
    assert answer.headers["x-request-id"] == "r-1"
    served, command = _two(taken)
    assert (served.process, served.name) == ("user-service-v1", "PUT /users/{id}")
    assert (served.kind, served.trace, served.parent) == ("SERVER", TRACE, PARENT)
    assert served.attributes == {
        "http.request.method": "PUT",
        "http.route": "/users/{id}",
        "http.response.status_code": 200,
        "http.request.header.x-request-id": "r-1",
        "url.path": "/users/u1",
        "url.scheme": "http",
    }
    assert (command.name, command.kind) == ("findAndModify users", "CLIENT")
    assert (command.trace, command.parent) == (TRACE, served.id)
    assert command.attributes["db.system.name"] == "mongodb"
    assert command.attributes["db.operation.name"] == "findAndModify"
    assert command.attributes["db.collection.name"] == "users"


def test_a_trace_begins_here_where_the_client_has_none(start: Start, taken: Collector) -> None:
    """And a request id, which the answer says."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=taken.url)
    answer = httpx.get(f"{service.url}/users/u1")
    served, _ = _two(taken)
    assert served.parent == ""
    assert served.attributes["http.request.header.x-request-id"] == answer.headers["x-request-id"]


def test_a_process_that_ends_sends_what_it_has(start: Start, taken: Collector) -> None:
    """However long it would have waited for more."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=taken.url, OTEL_BSP_SCHEDULE_DELAY="600000")
    assert httpx.get(f"{service.url}/users/u1").is_success
    assert not taken.spans
    service.process.terminate()
    assert service.process.wait(20) == 0
    assert len(_two(taken)) == 2


def test_what_the_client_does_not_sample_is_not_recorded_but_goes_on(
    start: Start, taken: Collector, databases: Stack
) -> None:
    """The outbox has its trace all the same; a part of the traces that begin here is recorded."""
    service = start(
        OTEL_EXPORTER_OTLP_ENDPOINT=taken.url,
        OTEL_TRACES_SAMPLER="parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG="1",
    )
    headers = {"traceparent": UNSAMPLED, "tracestate": "a=1", "X-Request-Id": "r-2"}
    body = {"emails": ["u2@example.com"]}
    assert httpx.put(f"{service.url}/users/u2", json=body, headers=headers).is_success
    assert httpx.get(f"{service.url}/users/u1").is_success
    assert {each.name for each in _two(taken)} == {"GET /users/{id}", "find users"}
    (cause,) = _causes(databases, "u2")
    assert cause["traceparent"].startswith(f"00-{TRACE}-")
    assert cause["traceparent"].endswith("-00")
    assert (cause["tracestate"], cause["requestId"]) == ("a=1", "r-2")


def test_the_context_is_in_the_outbox_where_nobody_takes_spans(
    start: Start, databases: Stack
) -> None:
    """The client's, as it sent it, or one that is begun here; of many the last nine are kept."""
    service = start()
    for number in range(12):
        headers = {"traceparent": SAMPLED, "X-Request-Id": f"r-{number}"}
        body = {"emails": [f"u3-{number}@example.com"]}
        assert httpx.put(f"{service.url}/users/u3", json=body, headers=headers).is_success
    answer = httpx.put(f"{service.url}/users/u3", json={"emails": ["u3@example.com"]})
    causes = _causes(databases, "u3")
    assert [each["requestId"] for each in causes] == [
        *(f"r-{number}" for number in range(4, 12)),
        answer.headers["x-request-id"],
    ]
    assert {each["traceparent"] for each in causes[:-1]} == {SAMPLED}
    assert TRACE not in causes[-1]["traceparent"]
    assert causes[-1]["traceparent"].endswith("-00")
    assert _outbox(databases, "u3")["changes"] == 13


def test_a_request_id_that_is_none_is_replaced(start: Start) -> None:
    """It goes into logs and outbox as it came, or not at all."""
    service = start()

    def answered(sent: str) -> str:
        answer = httpx.get(f"{service.url}/users/u1", headers={"X-Request-Id": sent})
        return answer.headers["x-request-id"]

    for name in ("a-1", "x" * 128):
        assert answered(name) == name
    for none in ("x" * 129, "two words", "jane@personal.example.com", ""):
        assert len(answered(none)) == 32


def test_an_answer_that_failed_leads_to_its_line(start: Start, tmp_path: Path) -> None:
    """By the id of the request; the line has the client's trace too."""
    service = start(MONGO_URI="mongodb://127.0.0.1:1/?replicaSet=rs0")
    headers = {"traceparent": SAMPLED, "X-Request-Id": "r-503"}
    answer = httpx.get(f"{service.url}/users/u1", headers=headers, timeout=60)
    assert (answer.status_code, answer.headers["x-request-id"]) == (503, "r-503")
    lines = [json.loads(each) for each in (tmp_path / "log").read_text().splitlines()]
    (line,) = (each for each in lines if each["event"] == "request_failed")
    assert (line["request_id"], line["trace_id"]) == ("r-503", TRACE)


def test_nothing_that_a_client_wrote_is_in_a_span(start: Start, taken: Collector) -> None:
    """Neither an address in the place of an id, nor a query, nor what MongoDB quotes."""
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=taken.url)
    planted = "planted@example.com"
    httpx.put(f"{service.url}/users/u4", json={"emails": [planted]})
    httpx.put(f"{service.url}/users/u5", json={"emails": [planted]})
    headers = {"Cookie": planted}
    httpx.get(f"{service.url}/users/{planted}", params={"e": planted}, headers=headers)
    until(lambda: len(taken.spans) >= 5, "all spans")
    (refused,) = (each for each in taken.spans if each.kind == "CLIENT" and each.failed)
    assert refused.attributes["error.type"] == "11000"
    assert planted not in repr(taken.spans)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT must be"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL must be"),
        ({"OTEL_TRACES_SAMPLER": "some"}, "OTEL_TRACES_SAMPLER must be one of"),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "10%"}, "_ARG must be"),
    ],
)
def test_a_wrong_setting_ends_the_start_and_is_named(
    databases: Stack, changes: dict[str, str], reason: str
) -> None:
    """In a line; the SDK would go on with what it has by default."""
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"} | changes
    done = subprocess.run(
        [sys.executable, "-m", "aware", "run", "user-relay"],
        env=os.environ | databases.environment("user-relay") | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr


def _two(taken: Collector) -> list[Span]:
    """The spans, as soon as there are two: that of the request and that of its command."""
    until(lambda: len(taken.spans) >= 2, "two spans")
    return sorted(taken.spans, key=lambda span: span.start)


def _is_live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.HTTPError:
        return False


def _outbox(databases: Stack, user: str) -> Any:  # noqa: ANN401 - a document's
    """The pending entry of a user."""
    env = databases.environment("mongodb-setup")
    settings = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    with connect_blocking(settings) as client:
        document = client[settings.users]["users"].find_one({"_id": user})
    assert document is not None
    return value_of(document, OUTBOX)


def _causes(databases: Stack, user: str) -> list[dict[str, str]]:
    causes: list[dict[str, str]] = _outbox(databases, user)[name_of(CAUSES)]
    return causes
