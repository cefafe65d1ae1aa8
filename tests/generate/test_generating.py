"""One command brings everything up to date, and another says what is not."""

from pathlib import Path

import pytest

from generate.artefacts import ARTEFACTS, Artefact
from generate.sources import Sources, read_sources
from generate.writing import Outcome, State, compare, write
from tests.generate.conftest import Edit, Run

MADE = ("schemas/order_schema.json", "models/order.py", "handlers/signatures.py")


def test_the_repository_is_up_to_date(sources: Sources) -> None:
    """What is committed is what the specs say."""
    outcomes = compare(sources, ARTEFACTS)
    assert {each.path for each in outcomes if each.state is not State.CURRENT} == set()
    assert {each.path for each in outcomes} >= {
        *MADE,
        "docs/insomnia.json",
        "schemas/asyncapi.yaml",
    }


@pytest.mark.slow
def test_what_changed_is_written_and_told(copy: Path, edit: Edit, run: Run) -> None:
    """A limit that is raised in one place, in what clients send and are answered."""
    edit("specs/order.yaml", "quantity: {type: integer, format: int32, minimum: 1,", NEW)
    assert "minimum: 2" in (copy / "specs/order.yaml").read_text()
    stale = run("check")
    assert stale.returncode == 1
    assert "FAILED  everything that is made from the specs is up to date" in stale.stdout
    assert "schemas/order_schema.json is stale: run `make generate`" in stale.stdout
    done = run("generate")
    assert done.stdout.splitlines()[0] == "written    schemas/order_schema.json"
    assert "stale" not in run("check").stdout


NEW = "quantity: {type: integer, format: int32, minimum: 2,"


@pytest.mark.slow
def test_what_nothing_asks_for_is_removed_and_told(copy: Path, edit: Edit, run: Run) -> None:
    """A file in a folder that is all generated, or of a name that is."""
    edit("models/__init__.py", "Typed models", "Typed models ")  # which is written by hand
    for surplus in ("models/gift.py", "schemas/gift_schema.json"):
        (copy / surplus).write_text("")
    assert "models/gift.py is made from nothing any more" in run("check").stdout
    done = run("generate").stdout.splitlines()
    assert done[:2] == ["removed    models/gift.py", "removed    schemas/gift_schema.json"]
    assert (copy / "models" / "__init__.py").exists()
    assert not (copy / "models" / "gift.py").exists()


@pytest.mark.slow
def test_an_orphan_is_told_and_left_to_a_person(copy: Path, edit: Edit, run: Run) -> None:
    """A handler may hold what somebody still needs; its operation has gone."""
    spec = (copy / "specs" / "user.yaml").read_text("utf-8")
    get = spec[spec.index("    get:\n      operationId: get_user") : spec.index("\ncomponents:")]
    edit("specs/user.yaml", get, "")
    edit(
        "specs/user.yaml",
        spec[spec.index("            get_user:") : spec.index("        '400'")],
        "",
    )
    orphan = f"handlers/users.py:{_line(copy, 'async def get_user')}: get_user answers no operation"
    assert f"orphan     {orphan}\n" in run("generate").stdout
    assert "async def get_user" in (copy / "handlers" / "users.py").read_text()
    assert f"{orphan}: take it out" in run("check").stdout


def _line(copy: Path, text: str) -> int:
    lines = (copy / "handlers" / "users.py").read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(text))


def test_where_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    """What was there is as it was, and nothing else is left behind."""
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "folder").write_text("in the way")
    outcomes = [Outcome("a.txt", State.STALE, "new"), Outcome("folder/b.txt", State.STALE, "new")]
    with pytest.raises(OSError, match="folder"):
        write(tmp_path, outcomes)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert {each.name for each in tmp_path.iterdir()} == {"a.txt", "folder"}


def test_where_one_artefact_cannot_be_made_none_is_written(sources: Sources) -> None:
    """Everything is made before the first file is touched."""

    def fail(_: Sources) -> dict[str, str]:
        raise RuntimeError("cannot be made")

    with pytest.raises(RuntimeError, match="cannot be made"):
        compare(sources, (*ARTEFACTS, Artefact(fail)))


def test_generating_twice_gives_the_same(sources: Sources) -> None:
    """Byte for byte, whatever the order of a set or the time of day."""
    again = read_sources(sources.root)
    assert compare(again, ARTEFACTS) == compare(sources, ARTEFACTS)
