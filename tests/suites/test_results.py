"""The table at the end of a run."""

from pathlib import Path

import pytest

from tests.results import Case, Result, document, read_cases, report, table_file

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.a.test_b" name="test_c[1]" time="2.5"/>
<testcase classname="tests.a.test_b" name="test_d" time="1.0"><failure>no</failure></testcase>
<testcase classname="tests.a.test_b" name="test_e" time="0.0"><skipped message="no wrk"/></testcase>
</testsuite></testsuites>"""


def result(name: str, status: int = 0, *cases: Case, unselected: tuple[str, ...] = ()) -> Result:
    """A suite that took two seconds."""
    return Result(name, status, 2.0, 1.0, cases, unselected)


def test_a_junit_report_is_read(tmp_path: Path) -> None:
    """With names that pytest takes, and the reason of a skipped test."""
    (tmp_path / "junit.xml").write_text(JUNIT)
    assert read_cases(tmp_path / "junit.xml") == [
        Case("tests/a/test_b.py::test_c[1]", 2.5, "passed"),
        Case("tests/a/test_b.py::test_d", 1.0, "failed"),
        Case("tests/a/test_b.py::test_e", 0.0, "skipped", "no wrk"),
    ]
    assert read_cases(tmp_path / "none.xml") == []


def test_the_last_line_has_the_sums() -> None:
    """A suite that has no tests, and failed, counts as one failure."""
    passed = Case("x", 1.0, "passed")
    results = [result("a", 0, passed, passed, unselected=("3 slow",)), result("lint", 2)]
    assert [*report(results, 4.0)][-1] == "===== 1 failed, 2 passed, 3 deselected in 4 s ====="


def test_what_failed_is_named_with_the_log_of_its_suite() -> None:
    """Not only where it happened, thousands of lines before."""
    cases = (Case("x", 1.0, "failed"), Case("y", 1.0, "passed"))
    lines = [*report([result("a", 1, *cases), result("b", 0, cases[1])], 4.0)]
    start = lines.index("failed:")
    assert lines[start + 1 : -2] == ["  a: status 1, see build/tests/a.log", "    x"]


def test_what_was_not_tested_has_a_line_with_the_reason_each() -> None:
    """Once for all tests with the same reason."""
    skipped = Case("x", 0.0, "skipped", "no docker")
    lines = [*report([result("a", 0, skipped, skipped, unselected=("3 slow",))], 4.0)]
    start = lines.index("not tested here:")
    assert lines[start + 1 : start + 3] == [
        "  a: 3 tests are slow: .venv/bin/tox -e a",
        "  a: 2, no docker",
    ]


def test_the_tables_are_put_into_their_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each below its comment; the rest stays."""
    monkeypatch.setattr("tests.results.FOLDER", tmp_path)
    page = tmp_path / "testing.md"
    block = "<!-- make {} -->\n```text\n{}```\n"
    page.write_text("a\n" + block.format("test", "old\n") + "b\n" + block.format("test-all", ""))
    for name in ("test", "test-all"):
        table_file(f"make {name}").write_text(f"new {name}\n")
    document(page)
    assert page.read_text() == (
        "a\n"
        + block.format("test", "new test\n")
        + "b\n"
        + block.format("test-all", "new test-all\n")
    )
