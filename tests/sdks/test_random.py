"""What the runtimes of the packages write for random descriptions is what handlers are given."""

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import assume, given

from generate.client_operations import client_operations
from sdks.python.runtime.bodies import FORM, File
from sdks.python.runtime.calls import Call, Settings
from sdks.python.runtime.operations import UNSET, Encoding, Operation
from tests.openapi.random import client
from tests.openapi.random.cases import Case, Trial, cases
from tests.openapi.random.client import Request
from tests.openapi.random.judging import arrived, came_back
from tests.openapi.random.service import Service
from tests.openapi.random.test_random import LEISURELY, told
from tests.sdks.echo import as_json

URL = "http://127.0.0.1:5000"

Arguments = dict[str, Any]
Write = Callable[[Operation, Arguments], Request]
"""The request that a runtime makes of what it is given."""


def python(operation: Operation, arguments: Arguments) -> Request:
    """The runtime for Python."""
    with httpx.Client() as http:
        request = Call(Settings(URL), operation, arguments, None).request(http)
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        return _request(request.method, request.url.raw_path.decode(), headers, request.read())


@pytest.fixture(scope="module")
def typescript(packages: Path) -> Iterator[Write]:
    """The runtime for TypeScript, in a process that lasts."""
    runtime = packages / "typescript" / "aware-users" / "dist" / "runtime"
    command = [str(Path(sys.executable).with_name("node")), "capture.mjs", str(runtime)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=Path(__file__).parent, **pipes) as process:  # type: ignore[call-overload]

        def write(operation: Operation, arguments: Arguments) -> Request:
            args = {name: as_json(each) for name, each in arguments.items() if each is not UNSET}
            args["contentType"] = args.pop("content_type", None)
            process.stdin.write(json.dumps({"operation": asdict(operation), "args": args}) + "\n")
            process.stdin.flush()
            written = json.loads(process.stdout.readline())
            assert "error" not in written, written
            target = written["url"].removeprefix(URL)
            headers = [(name, value) for name, value in written["headers"]]
            return _request(written["method"], target, headers, b64decode(written["body"]))

        yield write
        process.stdin.close()


def _request(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Request:
    path, _, query = target.partition("?")
    return Request(method, path, query, (*headers,), body)


@pytest.mark.timeout(3600)
@LEISURELY
@given(case=cases())
def test_the_handler_is_given_what_a_client_in_python_was(case: Case) -> None:
    """Parameters of every place and style, and bodies of every kind."""
    sent_and_given(case, python)


def test_a_form_is_sent_as_its_own_media_type_says_and_not_a_range_before_it() -> None:
    """In Python."""
    assert _sent_as_form(python) == [("page[size]", "3")]


@pytest.mark.slow
def test_so_is_one_of_a_client_in_typescript(typescript: Write) -> None:
    """Of several media types that fit the most specific one counts."""
    assert _sent_as_form(typescript) == [("page[size]", "3")]


def _sent_as_form(write: Write) -> list[tuple[str, str]]:
    declared = {"*/*": {}, "application/*": {}, FORM: {"page": Encoding(style="deepObject")}}
    operation = Operation("send", "POST", "/things", bodies=declared)
    sent = write(operation, {"body": {"page": {"size": 3}}, "content_type": FORM})
    return parse_qsl(sent.body.decode())


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_handler_is_given_what_a_client_in_typescript_was(typescript: Write) -> None:
    """The same, but for numbers that JavaScript has not."""

    @LEISURELY
    @given(case=cases())
    def holds(case: Case) -> None:
        assume(all(_is_exact(each.sent.parameters, each.sent.body) for each in case.trials))
        sent_and_given(case, typescript)

    holds()


def sent_and_given(case: Case, write: Write) -> None:
    """Send what the case says by a client, and compare."""
    service = Service(case.document)
    [described] = client_operations(service.description)
    [operation] = service.description.operations
    for trial in case.trials:
        sent = write(described.described, arguments(trial, described.described))
        told(case, sent)
        service.answer = trial.answer.returned
        reply = service.ask(sent)
        assert service.given is not None, (reply.status, reply.body, service.error)
        assert arrived(case, trial, operation, service.given) == {}
        if trial.sent.accept is None:
            assert came_back(trial, reply) == {}


def arguments(trial: Trial, operation: Operation) -> Arguments:
    """What is given to the method."""
    found: Arguments = {
        each.argument: trial.sent.parameters.get((each.location, each.name), UNSET)
        for each in operation.parameters
    }
    if trial.media is not None:
        found |= {"body": _body(trial.sent.body), "content_type": trial.sent.media_type}
    return found | {"accept": trial.sent.accept}


def _body(value: Any) -> Any:  # noqa: ANN401 - as the schema says
    if isinstance(value, client.File):
        return File(value.content, value.filename, value.media_type)
    if isinstance(value, dict):
        return {name: _body(each) for name, each in value.items()}
    return [_body(each) for each in value] if isinstance(value, list) else value


def _is_exact(*values: Any) -> bool:  # noqa: ANN401 - what is given to a method
    """Whether all numbers are what a double is."""
    for each in values:
        inner = each.values() if isinstance(each, Mapping) else each
        if isinstance(each, int | float) and abs(each) > 2**53 - 1:
            return False
        if isinstance(each, Mapping | list) and not _is_exact(*inner):
            return False
    return True
