"""A running service under attack: what holds of every answer, and that it lives on."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from storage.client import Json
from tests.strict.wire import JSON, Answer, Connection, request

LIBRARIES = (
    "traceback",
    'file "',
    "python",
    "connexion",
    "starlette",
    "gunicorn",
    "uvloop",
    "jsonschema",
    "jiter",
    "orjson",
    "pymongo",
    "mongo",
    "bson",
    "rust",
    "pyo3",
)
"""What no answer may say: where it was programmed, or in what."""


@dataclass(frozen=True)
class Target:
    """A service, and its operation that creates something.

    Attributes:
        address: Where it listens, as host:port.
        path: Where things are created, and below it are found by their ids.
        known: A path that answers 200 to GET.
        new: The body of something that can be created.
        workers: Its processes that answer.
    """

    address: str
    path: str
    known: str
    new: Callable[[], Json]
    workers: tuple[psutil.Process, ...]

    def body(self, **fields: object) -> bytes:
        """A body that creates something, with some fields given otherwise."""
        return json.dumps(self.new() | fields, ensure_ascii=False).encode()

    def create(self, body: bytes, *headers: bytes) -> Answer:
        """Send `body` as what is to be created, in JSON if `headers` say nothing else."""
        return self.ask(request("POST", self.path, body, *(headers or (JSON,))))

    def ask(self, data: bytes) -> Answer:
        """Send bytes on a connection of their own and return the answer to them.

        Makes sure that the service lives on: the same workers, and a good request is answered.
        """
        with Connection(self.address) as connection:
            connection.send(data)
            answer = connection.receive(data[:5].partition(b" ")[0].decode("latin-1"))
        assert answer is not None, "closed without an answer"
        self.assert_serving()
        assert all(worker.is_running() for worker in self.workers), "a worker died of it"
        return answer

    def assert_serving(self) -> None:
        """A good request is answered."""
        with Connection(self.address) as connection:
            connection.send(request("GET", self.known))
            answer = connection.receive()
        assert answer is not None
        assert answer.status == 200

    def refuse(self, data: bytes, status: int) -> Json:
        """Send what must be refused with `status`, and return the problem."""
        return problem(self.ask(data), status)

    def refuse_creation(self, body: bytes, status: int, *headers: bytes) -> Json:
        """The same for a body that must not create anything."""
        return problem(self.create(body, *headers), status)


def problem(answer: Answer, status: int) -> Json:
    """The problem that an answer is; it must be one of `status`, and tell nothing it should not."""
    assert answer.status == status, answer.body[:1000]
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["type"].startswith("urn:aware:problem:")
    assert {"title", "detail"} <= told.keys()
    said = answer.body.decode().lower()
    assert not [name for name in LIBRARIES if name in said], said
    return dict(told)


def places(told: Json) -> list[str]:
    """Where a problem says that something is wrong: JSON pointers and names of parameters."""
    return [each.get("pointer") or each.get("parameter", "") for each in told["errors"]]
