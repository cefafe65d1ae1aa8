"""The broker's logins from a file: what RabbitMQ imports from it lets them in."""

from dataclasses import asdict

import httpx
import pika
import pytest
from pika.exceptions import ProbableAuthenticationError

from local.parts import event_processes
from local.stack import Stack
from messaging.definitions import definitions
from messaging.nodes import connection_parameters
from messaging.settings import RabbitSettings
from messaging.setup import permissions
from services.reading import declared
from tests.messaging.system import administrator


def test_imported_logins_have_their_passwords_and_permissions(databases: Stack) -> None:
    """RabbitMQ accepts the salted hashes, and each login may touch its own names alone."""
    queue = "test_definitions"
    highest = administrator(databases.environment("rabbitmq-setup"))
    theirs = {
        login: databases.environment(login)["RABBITMQ_PASSWORD"] for login in event_processes()
    }
    with httpx.Client(
        base_url=databases.ports.url("rabbitmq_management"),
        auth=(highest.username, highest.password),
        trust_env=False,
    ) as api:
        now = RabbitSettings(
            highest.host, highest.port, highest.username, highest.password, "user_updates"
        )
        document = definitions(declared(), now, theirs)
        assert not any(each in str(document) for each in (highest.password, *theirs.values()))
        api.post("/api/definitions", json=document).raise_for_status()
        allowed = {each["user"]: each for each in api.get("/api/permissions").json()}
    for login, each in permissions(declared(), "user_updates").items():
        assert allowed[login] == {"user": login, "vhost": "/", **asdict(each)}
    for login, password in theirs.items():
        settings = RabbitSettings(highest.host, highest.port, login, password, queue)
        with pika.BlockingConnection(connection_parameters(settings, "tests")) as connection:
            assert connection.is_open
        wrong = RabbitSettings(highest.host, highest.port, login, "wrong", queue)
        with pytest.raises(ProbableAuthenticationError):
            pika.BlockingConnection(connection_parameters(wrong, "tests"))
