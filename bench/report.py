"""What was measured, as tables."""

import statistics
from collections.abc import Mapping, Sequence

from bench.load import Operation, Sample
from bench.servers import TRACED
from local.display import columns

HEADERS = "headers"
"""The side of the project where requests have keys, and demand a state."""

Round = Mapping[str, Sample]
"""One operation of the `project`, of the `floor` and, if it writes, of the project with `HEADERS`,
loaded one right after the other."""

Memory = Mapping[str, Mapping[str, float]]
"""MiB of each worker, by side and service."""


def failed(rounds: Sequence[Round]) -> int:
    """How many requests of both sides failed."""
    return sum(sample.failed for each in rounds for sample in each.values())


def speed(measured: Mapping[Operation, Sequence[Round]]) -> str:
    """Each operation of both sides: the medians of the rounds.

    `of floor` is the project's rate in the floor's: the median of the rounds' own ratios, because
    what else the machine does changes from round to round.
    """
    rows = [("", "", "requests/s", "p50", "p99", "CPU/request", "failed", "of floor")]
    for operation, rounds in measured.items():
        ratio = statistics.median(each["project"].rate / each["floor"].rate for each in rounds)
        rows.append(_row(operation.title, "project", rounds, f"{ratio:.2f}"))
        rows.append(_row("", "floor", rounds, ""))
    return columns(rows)


def headers(measured: Mapping[Operation, Sequence[Round]]) -> str:
    """The CPU time of each write, without and with Idempotency-Key and If-Match."""
    rows = [("CPU/request", "without headers", "with them", "ratio")]
    for operation, rounds in measured.items():
        if operation.writes:
            sides = [[each[side].cpu for each in rounds] for side in ("project", HEADERS)]
            ratio = statistics.median(each[HEADERS].cpu / each["project"].cpu for each in rounds)
            without, beside = (f"{statistics.median(each):.0f} µs" for each in sides)
            rows.append((operation.title, without, beside, f"{ratio:.2f}"))
    return columns(rows)


def tracing(measured: Mapping[Operation, Sequence[Round]]) -> str:
    """The CPU time of each operation, without traces and with one in ten recorded and sent."""
    rows = [("CPU/request", "no traces", "1 of 10", "ratio")]
    for operation, rounds in measured.items():
        sides = [[each[side].cpu for each in rounds] for side in ("project", TRACED)]
        ratio = statistics.median(each[TRACED].cpu / each["project"].cpu for each in rounds)
        without, beside = (f"{statistics.median(each):.0f} µs" for each in sides)
        rows.append((operation.title, without, beside, f"{ratio:.2f}"))
    return columns(rows)


def memory(moments: Mapping[str, Memory]) -> str:
    """The memory of each worker, at each moment."""
    rows = [("", "", "project", "floor", "of floor")]
    for moment, sides in moments.items():
        for service, project in sides["project"].items():
            floor = sides["floor"][service]
            rows.append(
                (
                    service,
                    moment,
                    f"{project:.1f} MiB",
                    f"{floor:.1f} MiB",
                    f"{project / floor:.2f}",
                )
            )
    return columns(rows)


def _row(
    title: str, side: str, rounds: Sequence[Round], ratio: str
) -> tuple[str, str, str, str, str, str, str, str]:
    samples = [each[side] for each in rounds]
    return (
        title,
        side,
        f"{statistics.median(each.rate for each in samples):,.0f}",
        f"{statistics.median(each.p50 for each in samples):.1f} ms",
        f"{statistics.median(each.p99 for each in samples):.1f} ms",
        f"{statistics.median(each.cpu for each in samples):.0f} µs",
        str(sum(each.failed for each in samples)),
        ratio,
    )
