"""`make dev`: what is saved in a copy of the repository is served, or refused in plain lines."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local import leftovers
from local.ports import Ports, names, variable
from local.stack import Stack
from models.fields.order import Order
from tests.generate.copying import copy_repository
from tests.waiting import until

pytestmark = pytest.mark.slow
_PATIENCE = 300.0  # seconds
_HANDLER, _SPEC = "handlers/orders.py", "specs/order.yaml"


@dataclass
class Developed:
    """A running `make dev` in the folder `copy`, whose screen is the file `screen`."""

    copy: Path
    ports: Ports
    screen: Path
    process: "subprocess.Popen[bytes]"
    read: int = 0

    def save(self, name: str, old: str, new: str) -> str:
        """Replace a text in a file, and answer what the screen says of that, to its end."""
        self.read = len(self.screen.read_text())
        file = self.copy / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), "utf-8")
        ended = re.compile("up to date|as before, until|the next `make dev`")
        until(lambda: ended.search(self.told), f"{name} was taken in", _PATIENCE)
        return self.told

    @property
    def told(self) -> str:
        """What the screen says since the last save."""
        return self.screen.read_text()[self.read :]

    def order(self, query: str = "o1") -> httpx.Response:
        """What the order service answers."""
        return httpx.get(f"{self.ports.url('order-service')}/orders/{query}", timeout=30)

    def pids(self) -> dict[str, int]:
        """The processes by their parts."""
        return {each.name: each.pid for each in Stack.running(self.copy / ".aware").status()}


@pytest.fixture(scope="module")
def developed() -> Iterator[Developed]:
    """A copy in which the system was started by `make dev`."""
    ports = Ports.free()
    with tempfile.TemporaryDirectory(prefix="dev-") as folder:  # a short path, for sockets
        copy = copy_repository(Path(folder))
        given = {variable(name): str(ports[name]) for name in names()}
        screen = copy / "screen"
        with screen.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "aware", "dev"],
                cwd=copy,
                env={**os.environ, **given, "PYTHONPATH": str(copy)},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            until(lambda: "Ctrl-C" in screen.read_text(), "it follows what is saved", _PATIENCE)
            yield Developed(copy, ports, screen, process)
        finally:
            process.terminate()
            process.wait(_PATIENCE)
            Stack(copy / ".aware", ports, 70).stop()


def test_a_saved_handler_is_served_by_the_processes_that_it_concerns(developed: Developed) -> None:
    """And by no others; nothing is refused meanwhile."""
    before = developed.pids()
    old = "return await orders.get(id)"
    told = developed.save(_HANDLER, old, 'return {**await orders.get(id), "orderId": "other"}')
    assert "order-service: up to date" in told
    assert developed.order().json()["orderId"] == "other"
    developed.save(_HANDLER, 'return {**await orders.get(id), "orderId": "other"}', old)
    assert developed.order().json()["orderId"] == "o1"
    assert developed.pids() == before


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("async def get_order(", "async def get_order(:", r"handlers/orders.py:\d+: SyntaxError: "),
        (
            "async def get_order(",
            "1 / 0\n\n\nasync def get_order(",
            r"handlers/orders.py:\d+: Zero",
        ),
        ("async def get_order(", "async def got_order(", r"get_order \(GET .*\) has no handler"),
        ("get_order(id: str,", "get_order(number: str,", "get_order .* lacks the parameter `id`"),
    ],
)
def test_a_handler_that_cannot_be_served_is_told_and_the_last_one_goes_on(
    developed: Developed, old: str, new: str, why: str
) -> None:
    """In a line without a traceback; the repaired one is served."""
    told = developed.save(_HANDLER, old, new)
    assert re.search(f"^.*{why}.*$", told, re.MULTILINE)
    assert "order-service: as before" in told
    assert "Traceback" not in told
    assert developed.order().status_code == 200
    assert "order-service: up to date" in developed.save(_HANDLER, new, old)
    assert developed.order().status_code == 200


def test_a_broken_spec_is_told_with_its_line_and_a_repaired_one_is_served(
    developed: Developed,
) -> None:
    """The old one is answered by as long as that."""
    old, broken, better = (f"maximum: 1000, default: {each}" for each in ("100", "two", "2"))
    told = developed.save(_SPEC, old, broken)
    assert re.search(r"^specs/order\.yaml:\d+: the default does not fit", told, re.MULTILINE)
    assert "order-service, order-consumer: as before" in told
    assert len(developed.order("").json()) > 2
    developed.save(_SPEC, broken, better)
    assert len(developed.order("").json()) == 2
    developed.save(_SPEC, better, old)


def test_what_follows_from_a_saved_spec_follows(developed: Developed) -> None:
    """Models are written, and the database takes the new field."""
    told = developed.save(
        _SPEC,
        "\n        itemId: {",
        "\n        note: {type: string, maxLength: 20}\n        itemId: {",
    )
    assert "models/order.py" in told
    assert "mongodb-setup is up" in told
    assert "note: NotRequired[str]" in (developed.copy / "models" / "order.py").read_text("utf-8")
    order = developed.order().json()
    item = {**order[Order.items][0], "note": "a gift"}
    kept = (Order.userEmails, Order.deliveryAddress)
    sent = {Order.items: [item], **{key: order[key] for key in kept}}
    made = httpx.post(f"{developed.ports.url('order-service')}/orders/", json=sent, timeout=30)
    assert made.status_code == 201
    assert made.json()[Order.items] == [item]


def test_common_code_restarts_everything_of_ours(developed: Developed) -> None:
    """And no database."""
    before = developed.pids()
    developed.save("storage/client.py", '"timeoutMS": ', '"connectTimeoutMS": 5000, "timeoutMS": ')
    after = developed.pids()
    assert {name for name, pid in after.items() if pid != before[name]} == {
        *developed.ports.processes
    }


def test_a_changed_declaration_begins_with_the_next_start(developed: Developed) -> None:
    """It says so; a wrong one is told with its line."""
    told = developed.save("services.yaml", "port: 5001", "port: 8000")
    why = r"^services\.yaml:\d+: the port 8000 belongs to the gateway"
    assert re.search(why, told, re.MULTILINE)
    assert "the next `make dev`" in developed.save("services.yaml", "port: 8000", "port: 5009")


def test_ctrl_c_ends_it(developed: Developed) -> None:
    """Nothing is left; runs last."""
    developed.process.send_signal(signal.SIGINT)
    assert developed.process.wait(_PATIENCE) == 0
    assert leftovers.find(developed.copy / ".aware") == []
