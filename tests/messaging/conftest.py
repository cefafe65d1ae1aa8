"""The sync on real parts, for one test."""

import os
from collections.abc import AsyncIterator

import pytest

from local import rabbitmq
from local.stack import Stack
from tests.messaging.system import System, new_system

_SERVER_IN_ANOTHER_ROOT = """\
#!/bin/sh
# The server of another Debian, with the state folder of this system.
exec unshare --mount sh -c '
    mkdir -p "{root}$HOME" &&
    mount --bind "$HOME" "{root}$HOME" &&
    mount -t proc proc "{root}/proc" &&
    exec chroot "{root}" /usr/lib/rabbitmq/bin/rabbitmq-server
'
"""


@pytest.fixture(scope="session", autouse=True)
def _other_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where RABBITMQ_ROOT names the root of another Debian, use its RabbitMQ (`make_root`)."""
    root = os.environ.get("RABBITMQ_ROOT")
    if root:
        server = tmp_path_factory.mktemp("bin") / "rabbitmq-server"
        server.write_text(_SERVER_IN_ANOTHER_ROOT.format(root=root))
        server.chmod(0o755)
        rabbitmq._SERVER = server


@pytest.fixture
def anyio_backend() -> str:
    """What runs the asynchronous tests."""
    return "asyncio"


@pytest.fixture
async def system(databases: Stack) -> AsyncIterator[System]:
    """Databases and queues of the test's own."""
    async with new_system(databases) as system:
        yield system
