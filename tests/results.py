"""What the suites of a run came to, as a table for people.

Run as `python -m tests.results`, it copies the tables of the last `make test` and the last
`make test-all` into docs/testing.md.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "tests"
"""Log, JUnit report and what was used of each suite, and the tables: of the last run of each."""

SLOWEST = 10
MAX_NAMES = 20
"""Of one suite's failures, so many are named at the end."""
_BECAUSE = {"docker": "need Docker", "root": "need to be root", "slow": "are slow"}
_UNSELECTED = re.compile(r"^not selected: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One test: its id as pytest takes it, seconds with its fixtures, and why it was skipped."""

    name: str
    seconds: float
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Result:
    """A suite that has ended, whose `status` is that of its command.

    `unselected` are numbers of tests by the markers for which they were left out.
    """

    suite: str
    status: int
    seconds: float
    cpu_seconds: float
    cases: Sequence[Case] = ()
    unselected: Sequence[str] = ()
    left: Sequence[str] = field(default=())

    @property
    def outcomes(self) -> Counter[str]:
        """How many passed, failed and were skipped; a suite without tests fails as one."""
        counted = Counter(case.outcome for case in self.cases)
        if self.status and not counted["failed"]:
            counted["failed"] = 1
        return counted


def read_cases(file: Path) -> list[Case]:
    """The tests of a JUnit report; none where there is no report."""
    if not file.exists():
        return []
    return [_case(each) for each in ET.parse(file).iter("testcase")]  # noqa: S314 - pytest's own


def read_unselected(log: str) -> list[str]:
    """What tests/conftest.py printed about tests that were left out."""
    return [part for line in _UNSELECTED.findall(log) for part in line.split(", ")]


def _case(element: ET.Element) -> Case:
    folder, _, rest = element.get("classname", "").rpartition(".")
    name = f"{folder.replace('.', '/')}/{rest}.py::{element.get('name')}"
    seconds = float(element.get("time", 0))
    skipped = element.find("skipped")
    if skipped is not None:
        return Case(name, seconds, "skipped", skipped.get("message", ""))
    bad = element.find("failure") is not None or element.find("error") is not None
    return Case(name, seconds, "failed" if bad else "passed")


def report(results: Sequence[Result], seconds: float) -> Iterator[str]:
    """The table, the slowest tests, what was not tested and why, and the sum, line by line."""
    yield f"{'suite':12} {'seconds':>8} {'of CPU':>8} {'passed':>8} {'failed':>8} {'not run':>8}"
    for result in sorted(results, key=lambda each: -each.seconds):
        counted = result.outcomes
        left_out = counted["skipped"] + sum(int(each.split()[0]) for each in result.unselected)
        yield (
            f"{result.suite:12} {result.seconds:8.0f} {result.cpu_seconds:8.0f} "
            f"{counted['passed'] or ('ok' if not result.status else '-'):>8} "
            f"{counted['failed'] or '':>8} {left_out or '':>8}"
        )
    cpu = sum(result.cpu_seconds for result in results)
    yield f"{'all':12} {seconds:8.0f} {cpu:8.0f}"
    yield ""
    yield "slowest tests, in seconds:"
    cases = [case for result in results for case in result.cases]
    for case in sorted(cases, key=lambda case: -case.seconds)[:SLOWEST]:
        yield f"{case.seconds:8.1f}  {case.name}"
    yield from _not_tested(results)
    if failed := [*_failed(results)]:
        yield from ("", "failed:", *failed)
    yield ""
    yield _sum(results, seconds)


def _failed(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.status:
            log = (FOLDER / f"{result.suite}.log").relative_to(ROOT)
            yield f"  {result.suite}: status {result.status}, see {log}"
            names = [case.name for case in result.cases if case.outcome == "failed"]
            yield from (f"    {name}" for name in names[:MAX_NAMES])
            if more := len(names[MAX_NAMES:]):
                yield f"    and {more} more"


def _not_tested(results: Sequence[Result]) -> Iterator[str]:
    lines = [line for result in results for line in _left_out(result)]
    if lines:
        yield ""
        yield "not tested here:"
        yield from lines


def _left_out(result: Result) -> Iterator[str]:
    command = f"tox -e {result.suite}"
    for each in result.unselected:
        number, marker = each.split()
        yield f"  {result.suite}: {number} tests {_BECAUSE[marker]}: .venv/bin/{command}"
    reasons = Counter(case.reason for case in result.cases if case.outcome == "skipped")
    for reason, skipped in reasons.items():
        yield f"  {result.suite}: {skipped}, {reason}"


def _sum(results: Sequence[Result], seconds: float) -> str:
    total: Counter[str] = sum((result.outcomes for result in results), Counter())
    words = [f"{total[kind]} {kind}" for kind in ("failed", "passed", "skipped") if total[kind]]
    unselected = sum(int(each.split()[0]) for result in results for each in result.unselected)
    words += [f"{unselected} deselected"] if unselected else []
    return f"===== {', '.join(words)} in {seconds:.0f} s ====="


def table_file(command: str) -> Path:
    """Where the table of the last run of `command` is: `make test` or `make test-all`."""
    return FOLDER / f"{command.replace(' ', '-')}.txt"


def document(page: Path) -> None:
    """Put the tables into the page, each below the line with its command in a comment."""
    text = page.read_text("utf-8")
    for command in re.findall(r"^<!-- (make \S+) -->$", text, re.MULTILINE):
        table = table_file(command).read_text("utf-8").strip()
        before, mark, rest = text.partition(f"<!-- {command} -->\n```text\n")
        text = f"{before}{mark}{table}\n```{rest.partition('```')[2]}"
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    document(ROOT / "docs" / "testing.md")
