"""The callers of both clients see no failure while every part is killed, and nothing is twice."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.parts import every
from local.ports import Ports
from local.stack import Stack
from models.fields.order import Order
from storage.client import Json

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
LEAST = 500
"""Orders in each language, of two calls each."""


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A system that nobody else uses."""
    system = Stack(tmp_path / "stack", Ports.free(), 50, extra={"RATE_LIMIT_PER_MINUTE": "600000"})
    system.start()
    yield system
    system.stop()


@pytest.mark.timeout(900)
def test_every_part_is_killed_and_no_caller_notices(
    own_stack: Stack, python: Path, project: Path
) -> None:
    """Two thousand calls: each has succeeded, and no order was made twice."""
    node = str(Path(sys.executable).with_name("node"))
    commands = ([str(python), str(HERE / "chaos.py")], [node, str(project / "chaos.js")])
    url = own_stack.ports.url("gateway")
    running = [
        subprocess.Popen(
            [*command, url, f"chaos{number}", str(LEAST)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, command in enumerate(commands)
    ]
    try:
        for part in (each for each in every() if not each.endswith("-setup")):
            own_stack.kill(part)
            own_stack.wait_healthy(part)
        ended = [(*each.communicate(timeout=300), each.returncode) for each in running]
    finally:
        for each in running:
            each.kill()
    assert [(each[2], each[1][-3000:]) for each in ended] == [(0, "")] * 2
    made = [email for each in ended for email in json.loads(each[0])]
    assert len(made) >= 2 * LEAST
    stored = [*_orders(own_stack)]
    found = Counter(each[Order.userEmails][0] for each in stored)
    statuses = {each[Order.userEmails][0]: each[Order.orderStatus] for each in stored}
    assert {email: found[email] for email in made} == dict.fromkeys(made, 1)
    assert {statuses[email] for email in made} == {"shipping"}
    assert {found[each] for each in found if each.startswith("chaos")} == {1}


def _orders(stack: Stack) -> Iterator[Json]:
    with httpx.Client(base_url=stack.ports.url("order-service"), timeout=30) as client:
        path = "/orders/?limit=1000"
        while path:
            answer = client.get(path).raise_for_status()
            yield from answer.json()
            path = answer.links.get("next", {}).get("url", "")
