"""What a rollout shows while it runs, and what it leaves behind."""

import io
from pathlib import Path

from rich.console import Console

from canary.analysis import Finding, Verdict
from canary.display import Lines, display, picture
from canary.record import Plan, Point, Record, Step
from canary.report import write_report

FINDINGS = (
    Finding("requests", "123k", "123k", "at least 200", 0.0, Verdict.GOOD),
    Finding("5xx", "10.15 % of 123k", "1.92 % of 9999", "+ 0.5 points", 0.4, Verdict.UNKNOWN),
    Finding("sync lag p99", "> 21600 s", "10 ms", "x 1.3 + 500 ms", 1.0, Verdict.WORSE),
)


def shown(record: Record) -> list[str]:
    """The lines of the picture on a terminal of 80 columns."""
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(picture(record, FINDINGS, "12 of 30 s"))
    return capture.get().splitlines()


def test_a_picture_fits_into_80_columns() -> None:
    """With every figure whole, all steps, and where it is."""
    lines = shown(Record(Plan(100, 0, 10, 30), 70))
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for finding in FINDINGS:
        for part in (finding.name, finding.old, finding.new, finding.limit):
            assert part in text
    assert " 100  90  80  70  60 " in text
    assert "12 of 30 s" in text


def test_without_a_terminal_there_are_lines() -> None:
    """One for each new P, and not more than one now and then of the same."""
    written = io.StringIO()
    show = display(Console(file=written, force_terminal=False, highlight=False))
    assert isinstance(show, Lines)
    record = Record(Plan(100, 0, 25, 30), 75)
    with show:
        for _ in range(3):
            show(record, FINDINGS, "1 of 30 s")
        record.p = 50
        show(record, (), "good")
    first, second = written.getvalue().splitlines()
    assert first.startswith("P 75 of 100 to 0 (v1 | v2): 1 of 30 s; requests 123k | 123k, ")
    assert second == "P 50 of 100 to 0 (v1 | v2): good"


def test_a_report_has_plots(tmp_path: Path) -> None:
    """Of P, errors and latencies; each an image that stands alone."""
    points = [Point(float(n), 100 - n, 0.0, n / 10, 10.0, 20.0) for n in range(5)]
    steps = [Step(75, 30.0, [], "good")]
    record = Record(Plan(100, 0, 25, 30), 75, outcome="done", steps=steps, points=points)
    report = write_report(record, tmp_path).read_text()
    images = sorted(tmp_path.glob("*.svg"))
    assert len(images) == 3
    for image in images:
        assert f"({image.name})" in report
        assert image.read_text().startswith("<svg ")
