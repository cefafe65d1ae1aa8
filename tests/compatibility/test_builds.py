"""One contract for both builds of the user service; what v2 adds is its statement, exactly."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from contract.schema import Schema
from generate.compatibility import breaking_changes
from generate.migration import build_contracts, contract_violations
from generate.published import published, published_document
from local.stack import Stack
from openapi.description import Description
from openapi.views import View
from services.reading import declared, read
from tests.describing import described
from tests.examples import ADDRESS
from tests.services.conftest import new_email, new_user

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
USERS = declared().by_name["user-service"]
TIMES = {"createdAt": "2020-01-01T00:00:00.000Z", "updatedAt": "2020-01-01T00:00:00.000Z"}


def state(repository: Path, target: str, update: dict[str, Any]) -> None:
    """Add to the statement of v2."""
    file = repository / "specs" / "user-v2.yaml"
    statement = yaml.safe_load(file.read_text("utf-8"))
    statement["actions"].append({"target": target, "update": update})
    file.write_text(yaml.safe_dump(statement, sort_keys=False), "utf-8")


def test_no_build_leaves_the_published_contract() -> None:
    """Whoever keeps to it can meet either: in what is sent, and in what is answered."""
    assert list(build_contracts(USERS)) == ["v1", "v2"]
    assert list(contract_violations(declared())) == []


@pytest.mark.parametrize(
    ("target", "update"),
    [
        ("$.components.schemas.NewUser", {"required": ["phoneNumber"]}),
        ("$.components.schemas.PhoneNumber", {"maxLength": 12}),
        ("$.components.schemas.UserUpdate", {"minProperties": 2}),
        ("$.paths['/users/{id}'].put", {"security": [{"apiKey": []}]}),
        ("$.components.schemas.Timestamp", {"type": "integer"}),
        (
            "$.components.schemas.User",
            {"allOf": [{"properties": {"userId": {"enum": [1]}}}]},
        ),
    ],
    ids=["needs", "shortens", "at-least", "key", "type", "contradicts"],
)
def test_a_statement_that_leaves_the_contract_is_found(
    specs_alone: Path, target: str, update: dict[str, Any]
) -> None:
    """Be it that v2 accepts less, or that it answers something else."""
    state(specs_alone, target, update)
    lines = list(contract_violations(read(specs_alone)))
    assert lines
    assert all(line.startswith("v2 leaves the published contract") for line in lines)


@pytest.mark.parametrize(
    ("target", "update"),
    [
        ("$.components.schemas.NewUser.properties", {"nickname": {"type": "string"}}),
        ("$.components.schemas.User.properties", {"nickname": {"type": "string"}}),
        ("$.components.schemas.User", {"allOf": [{"required": ["firstName"]}]}),
    ],
    ids=["accepts-more", "answers-more", "promises-more"],
)
def test_a_statement_may_add(specs_alone: Path, target: str, update: dict[str, Any]) -> None:
    """v2 may accept more and promise more: who keeps to the published contract does not notice."""
    state(specs_alone, target, update)
    assert list(contract_violations(read(specs_alone))) == []


@dataclass(frozen=True)
class Build:
    """A running build: a client of it, and the API that it says it serves."""

    client: httpx.Client
    api: Description

    def answers(self, operation_id: str, status: str, *, closed: bool = False) -> Schema:
        """The schema of what it says it answers."""
        responses = {each.id: each.responses for each in self.api.operations}
        content = responses[operation_id][status].content["application/json"]
        return Schema(content.schema, self.api.schemas, View.RESPONSE, closed=closed)


@pytest.fixture(scope="module")
def builds(stack: Stack) -> Iterator[dict[str, Build]]:
    """Both, by name."""
    with (
        httpx.Client(base_url=stack.ports.url("user-service-v1"), timeout=30) as v1,
        httpx.Client(base_url=stack.ports.url("user-service-v2"), timeout=30) as v2,
    ):
        clients = {"v1": v1, "v2": v2}
        yield {
            name: Build(client, described(client.get("/openapi.json").json()))
            for name, client in clients.items()
        }


def test_what_runs_serves_what_was_compared(builds: dict[str, Build]) -> None:
    """The documents of the running builds are the contracts that contract_violations looks at."""
    contracts = build_contracts(USERS)
    assert {name: published(build.api) for name, build in builds.items()} == contracts


def test_the_statement_is_no_break(builds: dict[str, Build]) -> None:
    """Whoever relies on what is published can meet v2."""
    promised = published_document(USERS.spec)
    assert breaking_changes(ROOT, promised, published(builds["v2"].api)) == []


def create(build: Build, **fields: object) -> httpx.Response:
    """A new user."""
    answer = build.client.post("/users/", json=new_user(**fields))
    assert answer.status_code == 201, answer.text
    return answer


def update(build: Build, maker: Build) -> httpx.Response:
    """A change of a user that `maker` made."""
    user_id = create(maker).json()["userId"]
    answer = build.client.put(f"/users/{user_id}", json={"deliveryAddress": ADDRESS})
    assert answer.status_code == 200, answer.text
    return answer


Asked = tuple[str, str, Callable[[Build, Build], httpx.Response]]
"""An operation, the status it answers with, and how a build, and the other one, are asked."""

ASKED: dict[str, Asked] = {
    "create": ("create_user", "201", lambda build, _: create(build)),
    "create-with-times": ("create_user", "201", lambda build, _: create(build, **TIMES)),
    "update-of-its-own": ("update_user", "200", lambda build, _: update(build, build)),
    "update-of-the-others": ("update_user", "200", update),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize(("name", "other"), [("v1", "v2"), ("v2", "v1")])
def test_each_build_answers_as_published_and_as_it_states(
    builds: dict[str, Build], name: str, other: str, asked: Asked
) -> None:
    """Whoever made the user: nothing beside the published fields, and v2's more besides."""
    build, (operation, status, ask) = builds[name], asked
    answer = ask(build, builds[other])
    assert answer.headers["X-Service-Version"] == name
    promised = described(published_document(USERS.spec))
    for api in (promised, build.api):
        said = Build(build.client, api).answers(operation, status)
        assert said.issues(answer.json()) == []
    assert answer.json().keys() <= promised.schemas["User"]["properties"].keys()


def test_v2_sets_times_but_for_what_v1_has_carried_out(builds: dict[str, Build]) -> None:
    """As the statement says: who repeats a request does not know which version had it first."""
    v1, v2 = builds["v1"], builds["v2"]
    assert create(v2).json().keys() >= TIMES.keys()
    assert "updatedAt" in update(v2, v1).json()
    user, key = new_user(), {"Idempotency-Key": str(uuid4())}
    made = v1.client.post("/users/", json=user, headers=key).json()
    assert not TIMES.keys() & made.keys()
    assert v2.client.post("/users/", json=user, headers=key).json() == made


def test_the_statement_does_not_promise_what_v2_cannot_keep(builds: dict[str, Build]) -> None:
    """A user made by v1 may lack createdAt for ever, says the statement; so it does not."""
    answer = update(builds["v2"], builds["v1"]).json()
    assert "createdAt" not in answer
    assert "updatedAt" in answer


def test_both_take_what_is_published_to_its_limits(builds: dict[str, Build]) -> None:
    """All fields, the longest and the most of each."""
    schemas = published_document(USERS.spec)["components"]["schemas"]
    longest = "x" * schemas["Text"]["maxLength"]
    emails = [new_email() for _ in range(schemas["Emails"]["maxItems"])]
    for build in builds.values():
        sent = {
            "firstName": longest,
            "lastName": longest,
            "emails": [f"{index}.{each}" for index, each in enumerate(emails)],
            "deliveryAddress": dict.fromkeys(ADDRESS, longest),
            "phoneNumber": "9" * schemas["PhoneNumber"]["maxLength"],
            **TIMES,
        }
        assert sent.keys() == schemas["NewUser"]["properties"].keys()
        made = create(build, **sent).json()
        again = build.client.put(f"/users/{made['userId']}", json={"emails": made["emails"]})
        assert again.json()["emails"] == sent["emails"]
        emails = [new_email() for _ in emails]
