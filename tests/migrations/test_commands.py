"""What the person sees who changes a spec: what is in the way, what to do, and that it is done."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from local.ports import Ports
from local.stack import Stack
from storage.client import Json, MongoSettings, connect_blocking
from tests.migrations.versions import image

_START = """
import sys
from pathlib import Path
from local.errors import LocalError
from local.ports import Ports
from local.stack import Stack
try:
    Stack(Path({state!r}), Ports(**{ports!r}), 50, ("mongodb", "mongodb-setup")).start(print)
except LocalError as error:
    sys.exit(str(error))
"""
_ANSWERED = "        orderStatus: {$ref: '#/components/schemas/OrderStatus'}\n        createdAt"
_PRIORITY = "        priority: {type: string, maxLength: 10, description: How soon.}\n"
_REQUIRED = "required: [orderId, items, userEmails"


@dataclass
class Clone:
    """A clone of the repository, in which MongoDB and its set-up are all that is started."""

    folder: Path
    state: Path
    ports: Ports

    def start(self) -> "subprocess.CompletedProcess[str]":
        """Start both, as `make start` does all."""
        return self._run("-c", _START.format(state=str(self.state), ports=asdict(self.ports)))

    def aware(self, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command."""
        return self._run("-m", "aware", *arguments, answer=answer)

    def edit(self, before: str, after: str) -> None:
        """Change the order spec."""
        spec = self.folder / "specs" / "order.yaml"
        text = spec.read_text("utf-8")
        assert text.count(before) == 1
        spec.write_text(text.replace(before, after), "utf-8")

    def _run(self, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "AWARE_STATE": str(self.state),
            },
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """A clone, nothing of which runs."""
    made = Clone(image(tmp_path / "clone", "local"), tmp_path / "state", Ports.free())
    yield made
    Stack(made.state, made.ports, 50).stop()


def orders(clone: Clone) -> Iterator[Json]:
    """All orders."""
    env = Stack.running(clone.state).environment("mongodb-setup")
    settings = MongoSettings(env["MONGO_URI"], env["MONGO_USERNAME"], env["MONGO_PASSWORD"])
    with connect_blocking(settings) as client:
        yield from client["aware_orders"]["orders"].find()


def test_from_a_changed_spec_to_changed_documents(clone: Clone) -> None:
    """And from there to another branch, and to a new beginning."""
    assert clone.start().returncode == 0
    clone.aware("stop")

    clone.edit(_ANSWERED, _ANSWERED.replace("        createdAt", _PRIORITY + "        createdAt"))
    clone.edit(_REQUIRED, _REQUIRED.replace("[", "[priority, "))
    failed = clone.start()
    assert failed.returncode == 1
    assert "aware_orders.orders: 15 documents do not fit the new validator" in failed.stderr
    assert "aware migrate new NAME" in failed.stderr
    assert f"MongoDB goes on running at {clone.ports.address('mongodb')}" in failed.stderr

    made = clone.aware("migrate", "new", "Order priority")
    assert made.returncode == 0, made.stderr
    assert "written    migrations/0001_order_priority.py" in made.stdout
    file = clone.folder / "migrations" / "0001_order_priority.py"
    text = file.read_text("utf-8")
    for said in (made.stdout, text):
        assert "15 documents do not fit" in said
        assert said.count("priority is missing") == 10
        assert "… and 5 more" in said
        assert "@" not in said
    unwritten = clone.start()
    assert "migrations/0001_order_priority.py is not written yet" in unwritten.stderr

    done = '{} if "priority" in document else {"priority": "normal"}'
    file.write_text(text.replace("raise NotImplementedError", f"return {done}"), "utf-8")
    applied = clone.start()
    assert applied.returncode == 0, applied.stderr
    words = "aware_orders.orders: change priority (15 of 15 documents)"
    lines = applied.stdout.splitlines()
    pending = lines.index(f"Pending: 0001_order_priority: {words}")
    assert lines.index("  migrate orders: 15 of 15") > pending
    assert {each["priority"] for each in orders(clone)} == {"normal"}
    assert "0001_order_priority: done" in clone.aware("migrate", "status").stdout
    assert "every document fits" in clone.aware("migrate", "new", "more").stderr
    clone.aware("stop")
    assert "Pending" not in clone.start().stdout
    clone.aware("stop")

    file.rename(clone.folder / "elsewhere.py")
    refused = clone.start().stderr
    assert "has gone through the migration 0001_order_priority" in refused
    assert "`make reset` begins anew" in refused
    (clone.folder / "elsewhere.py").rename(file)

    assert clone.aware("reset", answer="n\n").returncode == 1
    assert clone.state.exists()
    assert clone.aware("reset", answer="y\n").returncode == 0
    assert not clone.state.exists()
    assert clone.start().returncode == 0
    assert all(each["priority"] for each in orders(clone))  # made of the schema: nothing is old


def test_sample_data_that_do_not_fit_are_told_with_what_to_do(clone: Clone) -> None:
    """On a fresh folder there are no documents in the way, but the seed is."""
    priority = _PRIORITY.replace("}", ", pattern: '^(?=b)a'}")  # nobody can make one
    clone.edit(_ANSWERED, _ANSWERED.replace("        createdAt", priority + "        createdAt"))
    clone.edit(_REQUIRED, _REQUIRED.replace("[", "[priority, "))
    failed = clone.start()
    assert failed.returncode == 1
    said = "priority is required, and no value for the sample data can be made of its schema"
    assert said in failed.stderr
    assert "write an `example` or a `default`" in failed.stderr
    clone.edit(priority, _PRIORITY.replace("}", ", default: low}"))
    assert clone.start().returncode == 0
    assert {each["priority"] for each in orders(clone)} == {"low"}


def test_a_default_is_filled_in_by_the_next_start(clone: Clone) -> None:
    """It says in how many documents."""
    assert clone.start().returncode == 0
    clone.aware("stop")
    priority = _PRIORITY.replace("}", ", default: low}")
    clone.edit(_ANSWERED, _ANSWERED.replace("        createdAt", priority + "        createdAt"))
    clone.edit(_REQUIRED, _REQUIRED.replace("[", "[priority, "))
    done = clone.start()
    assert done.returncode == 0, done.stderr
    assert "Pending: aware_orders.orders: 15 documents get defaults" in done.stdout
    assert {each["priority"] for each in orders(clone)} == {"low"}


def test_where_nothing_runs_it_says_how_to_get_there(clone: Clone) -> None:
    """No document can be looked at, and there is nothing to delete."""
    assert "MongoDB does not run" in clone.aware("migrate", "new", "any").stderr
    assert "There is nothing to delete." in clone.aware("reset").stdout
