"""What happened in a rollout, to be kept: Markdown, with plots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canary.plots import line_plot
from canary.record import Record
from gateway.splits import split_names


def write_report(record: Record, folder: Path) -> Path:
    """Write the report and its plots into `folder`; the path of the report."""
    name = f"rollout-{record.begun.replace(':', '')}"
    images = []
    for title, unit, series in _plots(record):
        image = folder / f"{name}-{title.replace(' ', '-')}.svg"
        image.write_text(line_plot(title, "seconds", unit, series))
        images.append(f"![{title}]({image.name})")
    path = folder / f"{name}.md"
    path.write_text(report(record, images))
    return path


def report(record: Record, images: list[str]) -> str:
    """The text; `images` come before the steps."""
    plan, service = record.plan, split_names(record.plan.service).name
    begun = f"Begun {record.begun}, {record.seconds:.0f} s; P is {record.p}."
    lines = [
        f"# Rollout of {service} {plan.new}: P from {plan.start} to {plan.to}, {record.outcome}",
        "",
        f"{begun} Steps of {plan.step}, {plan.interval:g} s each.",
        *(("", *images) if images else ()),
    ]
    for step in record.steps:
        lines += ["", f"## P {step.p}: {step.result} after {step.seconds:g} s", ""]
        lines += [f"| | {plan.old} | {plan.new} | may be | to the verdict | |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        lines += [_row(finding) for finding in step.findings]
    return "\n".join(lines) + "\n"


def _row(finding: Mapping[str, Any]) -> str:
    cells = [finding[name] for name in ("name", "old", "new", "limit")]
    return f"| {' | '.join(cells)} | {finding['evidence']:.0%} | {finding['verdict']} |"


_Series = Mapping[str, list[tuple[float, float]]]


def _plots(record: Record) -> list[tuple[str, str, _Series]]:
    plan, points = record.plan, record.points
    if not points:
        return []
    return [
        ("P", "percent", {"P": [(each.seconds, each.p) for each in points]}),
        (
            "errors",
            "percent of 5xx in the step",
            {
                plan.old: [(each.seconds, each.old_errors) for each in points],
                plan.new: [(each.seconds, each.new_errors) for each in points],
            },
        ),
        (
            "latency",
            "p99 in the step, ms",
            {
                plan.old: [(each.seconds, each.old_p99) for each in points],
                plan.new: [(each.seconds, each.new_p99) for each in points],
            },
        ),
    ]
