"""One sequence of requests to two builds, and where their answers first differ."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from models.fields.user import User
from storage.client import Json

PLACE = "BUILD"
"""Stands in addresses for the part of their domain that each build has for itself."""

TIMES = (User.createdAt, User.updatedAt)
"""In these the builds differ, says the statement of the migration."""

_OF_THE_MOMENT = {
    *("date", "content-length", "x-service-version", "x-request-id", "connection"),
    *("cache-control", "x-content-type-options"),
}
"""Headers that must differ, or depend on times, or on which packet came first; and those that a
build of some time ago left to the gateway."""


_REFERENCE = re.compile("<([0-9])>")


@dataclass(frozen=True)
class Step:
    """One request.

    `<0>` in a path is the first user that the sequence made, `<1>` the next, and so on in a circle:
    so a step still means somebody when a shorter sequence made fewer.

    A body that is text is sent as it stands, any other as JSON.
    """

    method: str
    path: str
    body: Json | str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True)
class Answer:
    """An answer without its ids and times, so that those of two builds can be compared."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Difference:
    """Where two builds differ: the step, counted from 0, and what each answered."""

    number: int
    step: Step
    first: Answer
    second: Answer


@dataclass
class _Run:
    """A sequence under way on one build; its users have addresses of their own."""

    client: httpx.Client
    users: list[str] = field(default_factory=list)
    domain: str = field(default_factory=lambda: uuid4().hex)

    def take(self, step: Step) -> Answer:
        """Send one request."""
        path = _REFERENCE.sub(self._user, step.path)
        body = step.body if isinstance(step.body, str) else json.dumps(step.body)
        response = self.client.request(
            step.method,
            path,
            content=None if step.body is None else body.replace(PLACE, self.domain).encode(),
            headers={"Content-Type": step.media_type},
        )
        if response.status_code == httpx.codes.CREATED:
            self.users.append(response.json()[User.userId])
        return self._comparable(response)

    def _user(self, reference: re.Match[str]) -> str:
        return self.users[int(reference[1]) % len(self.users)] if self.users else "nobody"

    def _comparable(self, response: httpx.Response) -> Answer:
        headers = {
            name: self._general(value)
            for name, value in response.headers.items()
            if name not in _OF_THE_MOMENT
        }
        body = json.loads(self._general(response.text))
        if response.is_success:
            body = {name: value for name, value in body.items() if name not in TIMES}
        return Answer(response.status_code, headers, body)

    def _general(self, text: str) -> str:
        for number, user_id in enumerate(self.users):
            text = text.replace(user_id, f"<{number}>")
        return text.replace(self.domain, PLACE)


def first_difference(
    first: httpx.Client, second: httpx.Client, steps: Sequence[Step], tally: Counter[int]
) -> Difference | None:
    """Send `steps`, and then GET for every user they made, to both; None where all is alike.

    `tally` counts the answers by their status.
    """
    runs = _Run(first), _Run(second)
    for number, step in enumerate(_with_reads(steps, runs[0])):
        answers = [run.take(step) for run in runs]
        if answers[0] != answers[1]:
            return Difference(number, step, *answers)
        tally[answers[0].status] += 1
    return None


def _with_reads(steps: Sequence[Step], run: _Run) -> Iterator[Step]:
    yield from steps
    yield from (Step("GET", f"/users/<{number}>") for number in range(len(run.users)))
