"""Many histories, on all cores."""

import logging
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import structlog

from tests.messaging.simulation.world import Parts, Shared, Verdict, run_history

_PORTION = 250


@dataclass(frozen=True)
class Summary:
    """What many histories came to; `broken` are those in which a guarantee was broken."""

    histories: int
    steps: int
    judged: int
    due: int
    faults: Counter[str]
    broken: tuple[Verdict, ...]

    def __str__(self) -> str:
        """The figures, then each failure with how to replay it."""
        faults = ", ".join(f"{count} x {fault}" for fault, count in self.faults.most_common())
        lines = [
            f"{self.histories} histories of {self.steps} steps in all",
            f"{self.judged} fields of orders judged, {self.due} of which a change had to reach",
            f"faults: {faults}",
        ]
        for verdict in self.broken:
            lines.append(f"seed {verdict.seed}: {verdict.violations[0]}")
            lines.append(f"  replay: python -m tests.messaging.simulation --seed {verdict.seed}")
        return "\n".join(lines)


def run_histories(first: int, count: int, parts: Parts, processes: int | None = None) -> Summary:
    """The histories of the seeds from `first` on."""
    portions = [
        range(seed, min(seed + _PORTION, first + count))
        for seed in range(first, first + count, _PORTION)
    ]
    with ProcessPoolExecutor(processes or os.cpu_count()) as pool:
        results = pool.map(_run_portion, portions, [parts] * len(portions))
        return _sum(list(results))


def first_broken(parts: Parts, most: int) -> Verdict | None:
    """The first history, from seed 0 on, that breaks a guarantee; None if `most` do not."""
    silence()
    shared = Shared()
    for seed in range(most):
        verdict = run_history(seed, parts, shared)
        if verdict.violations:
            return verdict
    return None


def silence() -> None:
    """Write no log: a history has thousands of events, and its trace says more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _run_portion(seeds: range, parts: Parts) -> Summary:
    silence()
    shared = Shared()
    verdicts = [run_history(seed, parts, shared) for seed in seeds]
    return Summary(
        len(verdicts),
        sum(verdict.steps for verdict in verdicts),
        sum(verdict.judged for verdict in verdicts),
        sum(verdict.due for verdict in verdicts),
        Counter(fault for verdict in verdicts for fault in verdict.faults),
        tuple(verdict for verdict in verdicts if verdict.violations),
    )


def _sum(summaries: Sequence[Summary]) -> Summary:
    return Summary(
        sum(each.histories for each in summaries),
        sum(each.steps for each in summaries),
        sum(each.judged for each in summaries),
        sum(each.due for each in summaries),
        sum((each.faults for each in summaries), Counter()),
        tuple(verdict for each in summaries for verdict in each.broken),
    )
