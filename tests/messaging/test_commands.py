"""The commands of the sync, as an operator types them."""

import json
from collections.abc import Callable, Iterator

import httpx
import pika
import pytest
from click.testing import CliRunner, Result

from aware.__main__ import aware
from local.ports import HOST
from messaging.dead_letters import MOST
from messaging.nodes import Nodes, connection_parameters
from messaging.topology import QUEUE_NAME, Queue, Topology
from storage.client import MongoSettings, connect_blocking
from storage.system_fields import OUTBOX
from tests.messaging.rabbitmq import RabbitServer
from tests.messaging.system import administrator, delete_queues
from tests.waiting import until

QUEUE = "test_commands"
Aware = Callable[..., Result]
"""Calls `python -m aware` with these arguments."""


@pytest.fixture
def call(rabbitmq: RabbitServer) -> Iterator[Aware]:
    """The command line with the set-up's variables, and queues of its own."""
    environment = rabbitmq.environment("mongodb-setup") | {"RABBITMQ_QUEUE_NAME": QUEUE}
    runner = CliRunner(env=environment)
    yield lambda *arguments: runner.invoke(aware, arguments)
    delete_queues(parameters(rabbitmq), Topology(QUEUE))


def parameters(rabbitmq: RabbitServer) -> Nodes:
    """The administrator's connection."""
    return connection_parameters(administrator(rabbitmq.environment("rabbitmq-setup")), "tests")


def test_dead_letters_are_listed_shown_replayed_and_dropped(
    rabbitmq: RabbitServer, call: Aware
) -> None:
    """Each command says what it did."""
    assert call("dead-letters", "list").stderr == "0 dead letters\n"
    publish(rabbitmq, ["one", "two", "three"])
    listed = call("dead-letters", "list")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["one", "two", "three"]
    assert listed.stderr == "3 dead letters\n"
    shown = json.loads(call("dead-letters", "show", "two").stdout)
    assert (shown["id"], shown["body"]) == ("two", "body of two")
    assert call("dead-letters", "drop", "two").stdout == "1 dead letter dropped\n"
    assert call("dead-letters", "replay", "one").stdout == "1 dead letter replayed\n"
    assert waiting(rabbitmq, Topology(QUEUE).updates) == 1
    assert call("dead-letters", "drop", "--all").stdout == "1 dead letter dropped\n"
    assert call("dead-letters", "list").stdout == ""


@pytest.mark.parametrize("command", ["show", "replay", "drop"])
def test_an_unknown_letter_is_an_error(call: Aware, command: str) -> None:
    """One line that names it."""
    ended = call("dead-letters", command, "nobody")
    assert ended.exit_code == 1
    assert ended.stderr.splitlines()[-1] == "Error: there is no dead letter nobody"


@pytest.mark.slow
def test_a_list_says_how_many_it_does_not_show(rabbitmq: RabbitServer, call: Aware) -> None:
    """No more can be held at once; the rest comes when these are dealt with."""
    assert call("dead-letters", "list").stderr == "0 dead letters\n"
    publish(rabbitmq, [str(number) for number in range(MOST + 2)], confirmed=False)
    dead = Topology(QUEUE).dead
    until(lambda: waiting(rabbitmq, dead) == MOST + 2, "all of them are in the queue")
    listed = call("dead-letters", "list")
    assert len(listed.stdout.splitlines()) == MOST
    assert listed.stderr == f"{MOST} dead letters, and 2 younger ones that are not shown\n"
    dropped = call("dead-letters", "drop", "--all")
    assert dropped.stdout == f"{MOST} dead letters dropped, and 2 younger ones are left\n"
    assert call("dead-letters", "list").stderr == "2 dead letters\n"


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_one_or_all_must_be_said(call: Aware, command: str) -> None:
    """Neither and both are errors."""
    assert call("dead-letters", command).exit_code == 2
    assert call("dead-letters", command, "one", "--all").exit_code == 2


def test_resync_says_how_many(rabbitmq: RabbitServer, call: Aware) -> None:
    """One, or all there are."""
    environment = rabbitmq.environment("mongodb-setup")
    settings = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    with connect_blocking(settings) as client:
        users = client[settings.users]["users"]
        assert call("resync", "--user", "u1").stdout == "1 document will be published anew\n"
        assert users.count_documents({OUTBOX: {"$exists": True}}) == 1
        everybody = users.count_documents({})
        assert call("resync").stdout == f"{everybody} documents will be published anew\n"
        assert users.count_documents({OUTBOX: {"$exists": True}}) == everybody
        users.update_many({}, {"$unset": {OUTBOX: ""}})


def test_resync_names_an_unknown_user(call: Aware) -> None:
    """One line, exit status 1."""
    ended = call("resync", "--user", "nobody")
    assert (ended.exit_code, ended.stderr) == (1, "Error: there is no document nobody\n")


@pytest.mark.parametrize("kind", ["policies", "operator-policies"])
def test_the_set_up_names_policies_that_could_cost_events(
    rabbitmq: RabbitServer, kind: str
) -> None:
    """Those of our queues alone, and only what could; the processes cannot notice."""
    environment = rabbitmq.environment("rabbitmq-setup")
    login = (environment["RABBITMQ_USER"], environment["RABBITMQ_PASSWORD"])
    port = environment["RABBITMQ_MANAGEMENT_PORT"]
    policies = {
        "short": {"pattern": f"^{QUEUE_NAME}$", "definition": {"max-length": 10}},
        "harmless": {"pattern": QUEUE_NAME, "definition": {"max-in-memory-length": 10}},
        "others": {"pattern": "^others$", "definition": {"max-length": 10}},
    }
    if kind == "operator-policies":
        del policies["harmless"]  # there are few keys that those may set
    with httpx.Client(
        base_url=f"http://{HOST}:{port}/api/{kind}/%2F", auth=login, trust_env=False
    ) as api:
        for name, policy in policies.items():
            body = {**policy, "apply-to": "queues"}
            api.put(f"/{name}", json=body).raise_for_status()
        try:
            ended = CliRunner(env=environment).invoke(aware, ["setup", "rabbitmq"])
        finally:
            for name in policies:
                api.delete(f"/{name}").raise_for_status()
    assert ended.exit_code == 0
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"RabbitMQ's policy short sets max-length for {QUEUE_NAME}: ")


def publish(rabbitmq: RabbitServer, letters: list[str], *, confirmed: bool = True) -> None:
    """Put messages of these ids among the dead letters."""
    to = Topology(QUEUE).dead.address
    with pika.BlockingConnection(parameters(rabbitmq)) as connection:
        channel = connection.channel()
        if confirmed:
            channel.confirm_delivery()
        for letter in letters:
            properties = pika.BasicProperties(message_id=letter)
            body = f"body of {letter}".encode()
            channel.basic_publish(to.exchange, to.routing_key, body, properties, mandatory=True)


def waiting(rabbitmq: RabbitServer, queue: Queue) -> int:
    """How many messages wait to be received from it."""
    with pika.BlockingConnection(parameters(rabbitmq)) as connection:
        declared = connection.channel().queue_declare(queue.name, passive=True)
        return int(declared.method.message_count)
