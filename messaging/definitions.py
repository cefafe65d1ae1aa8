"""The broker's logins as a file that it imports whenever it starts.

For where the broker is started by others, and nobody waits for it: `messaging/setup.py` makes the
same logins in a broker that runs.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from messaging.settings import RabbitSettings
from messaging.setup import permissions
from messaging.topology import Permissions
from services.declaration import System

_VIRTUAL_HOST = "/"
_EVERYTHING = Permissions(".*", ".*", ".*")


def definitions(
    system: System, administrator: RabbitSettings, passwords: Mapping[str, str]
) -> dict[str, Any]:
    """What RabbitMQ's `load_definitions` reads: the administrator, and all processes of events.

    Passwords stand in it as salted hashes alone. What else the broker holds is left as it is.

    Args:
        system: The services.
        administrator: The login of the administrator, and RABBITMQ_QUEUE_NAME.
        passwords: Of the others, by login.
    """
    allowed = permissions(system, administrator.queue)
    return {
        "vhosts": [{"name": _VIRTUAL_HOST}],
        "users": [
            _user(administrator.username, administrator.password, "administrator"),
            *(_user(login, passwords[login]) for login in allowed),
        ],
        "permissions": [
            {"user": login, "vhost": _VIRTUAL_HOST, **asdict(each)}
            for login, each in {administrator.username: _EVERYTHING, **allowed}.items()
        ],
    }


def _user(login: str, password: str, *tags: str) -> dict[str, Any]:
    salt = secrets.token_bytes(4)
    digest = hashlib.sha256(salt + password.encode()).digest()
    return {
        "name": login,
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(tags),
    }
