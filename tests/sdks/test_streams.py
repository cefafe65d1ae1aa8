"""What is large goes up and comes down piece by piece, and hooks see every attempt."""

import asyncio
import importlib
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdks.faulty import Faulty, faulty, problem

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
LARGE = 48
FEW = 8


@pytest.fixture(scope="module")
def server() -> Iterator[Faulty]:
    """A server that answers as it is told."""
    with faulty() as running:
        yield running


def pieces() -> Iterator[bytes]:
    """What is too large to be held."""
    for number in range(LARGE):
        yield bytes([number]) * MIB


def imported(echoes: Path, name: str) -> Any:  # noqa: ANN401 - a module
    """The package of a spec."""
    assert echoes.exists()
    return importlib.import_module(name)


def node(echoes: Path, name: str, program: str) -> str:
    """What a program prints that has the package of a spec as `api`."""
    main = echoes / f"{name}-js" / "dist" / "index.js"
    command = [str(Path(sys.executable).with_name("node")), "--input-type=module", "-e"]
    text = f'import * as api from "{main}";\n{program}'
    done = subprocess.run([*command, text], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_python_sends_a_stream_without_holding_it(echoes: Path, urls: dict[str, str]) -> None:
    """From an iterator and from a file, waiting and with `await`."""
    api = imported(echoes, "v30")
    tracemalloc.start()
    with api.Client(urls["v30"]) as client:
        sent = client.take_upload(pieces(), content_type="application/octet-stream")
    assert sent["body"]["size"] == LARGE * MIB

    async def send() -> Any:  # noqa: ANN401
        async with api.AsyncClient(urls["v30"]) as client:
            return await client.take_upload(pieces(), content_type="application/octet-stream")

    assert asyncio.run(send())["body"] == sent["body"]
    assert tracemalloc.get_traced_memory()[1] < FEW * MIB
    tracemalloc.stop()


def test_python_sends_files_of_a_form_without_holding_them(
    echoes: Path, urls: dict[str, str], tmp_path: Path
) -> None:
    """An open file is read piece by piece, and from its beginning at each attempt."""
    api = imported(echoes, "v30")
    file = tmp_path / "large"
    with file.open("wb") as made:
        made.truncate(LARGE * MIB)
    tracemalloc.start()
    with api.Client(urls["v30"]) as client, file.open("rb") as opened:
        for _ in range(2):
            body = {"file": api.File(opened, "large.bin"), "note": "n"}
            given = client.take_upload(body)["body"]
            assert (given["file"]["size"], given["note"]) == (LARGE * MIB, "n")
    assert tracemalloc.get_traced_memory()[1] < FEW * MIB
    tracemalloc.stop()


def test_python_reads_an_answer_while_it_comes(echoes: Path, urls: dict[str, str]) -> None:
    """One that never ends, and one whose next line is not there yet."""
    api = imported(echoes, "v30")
    with (
        api.Client(urls["v30"], headers={"X-Case": "stream-endless"}) as client,
        client.stream_answers_bytes() as answer,
    ):
        assert set(next(iter(answer))) == {ord("x")}
    with (
        api.Client(urls["v30"], headers={"X-Case": "stream-waiting"}) as client,
        client.stream_answers_events() as answer,
    ):
        assert next(answer.lines()) == "data: 1"

    async def read() -> str:
        async with (
            api.AsyncClient(urls["v30"], headers={"X-Case": "stream-waiting"}) as client,
            client.stream_answers_events() as answer,
        ):
            return str(await anext(answer.alines()))

    assert asyncio.run(read()) == "data: 1"


def test_what_breaks_off_is_an_error_of_the_client(echoes: Path, urls: dict[str, str]) -> None:
    """In the middle of an answer that is being read."""
    api = imported(echoes, "v30")
    with api.Client(urls["v30"], headers={"X-Case": "stream-breaking"}) as client:
        with client.stream_answers_bytes() as answer, pytest.raises(api.ApiConnectionError):
            list(answer)
        with pytest.raises(api.ApiConnectionError):
            client.answers_bytes(options={"retries": 0})
    with (
        api.Client(urls["v30"], headers={"X-Case": "stream-broken"}, retries=0) as client,
        pytest.raises(api.NotFoundError),
        client.stream_answers_bytes(),
    ):
        pass


def test_typescript_streams_both_ways(echoes: Path, urls: dict[str, str]) -> None:
    """Up from a `ReadableStream`, down into `for await`."""
    program = f"""
    const client = new api.Client("{urls["v30"]}");
    let left = {LARGE};
    const body = new ReadableStream({{
      pull(controller) {{
        if (left-- > 0) controller.enqueue(new Uint8Array({MIB}));
        else controller.close();
      }},
    }}, {{ highWaterMark: 0 }});
    const sent = await api.takeUpload(client, {{ body, contentType: "application/octet-stream" }});
    const found = [sent.body.size];
    const options = (name) => ({{ headers: {{ "X-Case": name }} }});
    const endless = await api.streamAnswersBytes(client, {{}}, options("stream-endless"));
    for await (const piece of endless) {{
      found.push(String.fromCharCode(piece[0]));
      break;
    }}
    const events = await api.streamAnswersEvents(client, {{}}, options("stream-waiting"));
    for await (const line of events.lines()) {{
      found.push(line);
      break;
    }}
    try {{
      for await (const _ of await api.streamAnswersBytes(client, {{}}, options("stream-breaking")));
    }} catch (error) {{
      found.push(error.name);
    }}
    console.log(JSON.stringify(found));
    """
    assert node(echoes, "v30", program) == f'[{LARGE * MIB},"x","data: 1","ApiConnectionError"]'


def test_hooks_see_every_attempt(echoes: Path, server: Faulty) -> None:
    """And may add headers, as tracing does; what was answered is there for who asks."""
    api = imported(echoes, "things")
    told: list[Any] = []
    answers: list[Any] = []

    def trace(attempt: Any) -> None:  # noqa: ANN401
        attempt.headers["traceparent"] = f"00-{attempt.number}"

    server.answers(problem(503, X_Request_Id="r1"))
    with api.Client(server.url, before_attempt=trace, after_attempt=told.append) as client:
        client.get_thing("a", options={"on_response": answers.append})
    assert server.seen("traceparent") == ["00-1", "00-2"]
    assert [(each.number, each.status, each.request_id) for each in told] == [
        (1, 503, "r1"),
        (2, 200, None),
    ]
    assert all(each.operation == "get_thing" and each.seconds > 0 for each in told)
    assert [type(each) for each in answers] == [httpx.Response]
    server.answers(problem(503, X_Request_Id="r1"))
    program = f"""
    const told = [];
    const client = new api.Client("{server.url}", {{
      beforeAttempt: (attempt) => attempt.headers.set("traceparent", `00-${{attempt.number}}`),
      afterAttempt: ({{ number, status, requestId }}) => told.push([number, status, requestId]),
    }});
    await api.getThing(client, {{ id: "a" }}, {{ onResponse: (answer) => told.push(answer.ok) }});
    console.log(JSON.stringify(told));
    """
    assert node(echoes, "things", program) == '[[1,503,"r1"],[2,200,null],true]'
    assert server.seen("traceparent") == ["00-1", "00-2"]


def test_each_attempt_is_logged(
    echoes: Path, server: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    """At the level of debugging, without bodies, addresses or keys."""
    api = imported(echoes, "things")
    server.answers()
    caplog.set_level("DEBUG", "things")
    with api.Client(server.url, api_key="secret-key") as client:
        client.create_thing({"name": "somebody@example.com"})
    lines = [each.getMessage() for each in caplog.records if each.name == "things"]
    assert [line.partition(" request_id")[0] for line in lines] == [
        "create_thing attempt=1 status=200"
    ]
    assert not [line for line in lines if "secret-key" in line or "somebody" in line]


def test_a_call_can_be_ended(echoes: Path, server: Faulty) -> None:
    """By the signal of who made it, also while it waits for its next attempt."""
    server.answers(problem(503, Retry_After="60"))
    program = f"""
    const client = new api.Client("{server.url}");
    const signal = AbortSignal.timeout(300);
    const call = api.getThing(client, {{ id: "a" }}, {{ signal }});
    console.log((await call.catch((error) => error)).name);
    """
    assert node(echoes, "things", program) == "TimeoutError"
    assert len(server.asked) == 1
