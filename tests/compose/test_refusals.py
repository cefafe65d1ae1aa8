"""What cannot work is said in a line that names it."""

from collections.abc import Iterator

import httpx
import pytest

from models.fields.user import User
from tests.compose.engine import Compose
from tests.compose.test_system import in_step

# The database is made worse with the highest login, as only a person could.
_AS_ROOT = """
import os
from pymongo import MongoClient
client = MongoClient(os.environ["MONGO_URI"], username="root",
                     password=os.environ["MONGO_PASSWORD"], authSource="admin")
users = client["aware_users"]["users"]
orders = client["aware_orders"]
"""


def as_root(system: Compose, code: str) -> None:
    """Run Python beside the databases."""
    program = _AS_ROOT + code
    system("run", "--rm", "-T", "--entrypoint", "python", "operator", "-c", program)


def last_line(system: Compose, service: str) -> str:
    """The last line of a service's log, without its name."""
    return system("logs", "--no-log-prefix", service).stdout.strip().splitlines()[-1]


@pytest.fixture
def put_right(system: Compose) -> Iterator[None]:
    """The system as it was, afterwards."""
    yield
    system("up", "--wait")


@pytest.mark.usefixtures("put_right")
def test_a_wrong_password_of_the_database(system: Compose) -> None:
    """`up` fails, and the set-up says why."""
    changed = system.set(MONGO_ROOT_PASSWORD="another-one")
    done = changed("up", "--wait", check=False)
    assert done.returncode != 0
    said = last_line(changed, "mongodb-setup")
    assert "Authentication failed: MONGO_PASSWORD is not the password of root" in said
    assert "another-one" not in said


@pytest.mark.usefixtures("put_right")
def test_known_passwords_beyond_loopback(system: Compose) -> None:
    """Those of `.env.example` are for a laptop."""
    changed = system.set(GATEWAY_BIND="127.0.0.1", API_KEYS="")
    exposed = changed(
        "run", "--rm", "-T", "-e", "GATEWAY_ADDRESS=0.0.0.0", "mongodb-setup", check=False
    )
    assert exposed.returncode == 1
    assert "which everybody knows" in exposed.stderr
    exposed = changed(
        "run", "--rm", "-T", "-e", "GATEWAY_ADDRESS=0.0.0.0", "rabbitmq-setup", check=False
    )
    assert "which everybody knows" in exposed.stderr


def test_a_gateway_beyond_loopback_without_keys(system: Compose) -> None:
    """It does not start."""
    done = system(
        "run", "--rm", "-T", "--no-deps", "-e", "GATEWAY_ADDRESS=0.0.0.0", "kong", check=False
    )
    assert done.returncode != 0
    assert "API_KEYS must be set where the gateway is reached beyond loopback" in (
        done.stdout + done.stderr
    )


@pytest.mark.parametrize(
    ("service", "setting"),
    [
        ("kong", "REQUEST_SIZE_LIMIT=0"),
        ("order-service", "WORKERS=0"),
        ("user-service-v2", "MONGO_URI=localhost"),
        ("user-relay", "RABBITMQ_PORT=none"),
        ("mongodb-setup", "SEED=perhaps"),
        ("rabbitmq-setup", "USER_RELAY_RABBITMQ_PASSWORD="),
    ],
)
def test_a_wrong_setting_is_named(system: Compose, service: str, setting: str) -> None:
    """By the container that has it, without a traceback."""
    done = system("run", "--rm", "-T", "--no-deps", "-e", setting, service, check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert setting.partition("=")[0] in said
    assert "Traceback" not in said


def test_another_password_of_a_service_is_taken_over(
    system: Compose, gateway: httpx.Client
) -> None:
    """Change it in `.env` and say `up`: the set-up gives it, and the services have it."""
    changed = system.set(
        USER_SERVICE_MONGO_PASSWORD="new-1",
        ORDER_CONSUMER_RABBITMQ_PASSWORD="new-2",
        USER_RELAY_RABBITMQ_PASSWORD="new-3",
    )
    try:
        changed("up", "--wait")
        emails = ["new.passwords@example.com"]
        assert gateway.put("/users/u4", json={User.emails: emails}).status_code == 200
        in_step(gateway, "o4", emails)
    finally:
        system("up", "--wait")
    emails = ["old.passwords@example.com"]
    assert gateway.put("/users/u4", json={User.emails: emails}).status_code == 200
    in_step(gateway, "o4", emails)


def test_documents_that_contradict_the_specs(system: Compose) -> None:
    """The set-up names them, ends with 1, and has changed nothing."""
    as_root(
        system,
        "client['aware_users'].command('collMod', 'users', validationLevel='off')\n"
        "users.insert_one({'_id': 'odd', 'userId': 'odd', 'nickname': 'Al'})\n",
    )
    done = system("run", "--rm", "-T", "mongodb-setup", check=False)
    as_root(system, "users.delete_one({'_id': 'odd'})")
    assert done.returncode == 1
    said = done.stderr[done.stderr.index("aware: ") :].splitlines()
    assert said[0] == "aware: Existing documents are in the way. Nothing was changed."
    assert said[1] == "aware_users.users: 1 document does not fit the new validator"
    assert said[2].startswith("  odd: ")
    assert "nickname is not a field" in said[2]
    assert "emails is missing" in said[2]
    again = system("run", "--rm", "-T", "mongodb-setup")
    assert "logins are ready" in again.stdout
