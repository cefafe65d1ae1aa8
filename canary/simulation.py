"""Simulated rollouts: how often a good version is rolled back, and how soon a bad one is.

`python -m canary.simulation` prints the figures that docs/rollout.md shows, and draws its plots.
"""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import click

from canary.access_log import Served
from canary.analysis import Analysis, Verdict, overall
from canary.counters import SyncFigures
from canary.limits import Limits
from canary.plots import line_plot
from canary.record import Plan

_NO_SYNC = SyncFigures()
_LOOK = 100
"""Requests between two looks, of both versions."""
_SPREAD = Random(0)  # noqa: S311 - a simulation
_TIMES = tuple(round(_SPREAD.lognormvariate(2.3, 0.6)) for _ in range(20_000))
"""Milliseconds, about ten of them, with one in a hundred above forty."""


@dataclass(frozen=True)
class Case:
    """Both versions: their shares of errors, and how many times as long the new one takes."""

    name: str
    old_errors: float = 0.0
    new_errors: float = 0.0
    factor: float = 1.0


GOOD = (Case("as good, no errors"), Case("as good, 1 % of errors", 0.01, 0.01))
BAD = (
    Case("latencies doubled", factor=2.0),
    Case("2 points more errors over none", 0.0, 0.02),
)
BASES = (0.0, 0.001, 0.01, 0.02, 0.05)
FIXED = {0.0: 940, 0.001: 1600, 0.01: 2900, 0.02: 4300, 0.05: 8300}
"""Requests of each version that a test of a fixed size needs for 2 points, at a level of 0.001."""


def rollout(case: Case, seed: int, plan: Plan | None = None) -> int | None:
    """The new version's requests until it was rolled back; None where it was not.

    The plan's `interval` counts looks.
    """
    random, limits = Random(seed), Limits()  # noqa: S311 - a simulation
    plan = plan or Plan(100, 0, 10, 10)
    analysis = Analysis("v1", "v2", limits)
    analysis.take(_served(case, random, 0.0, 300), _NO_SYNC, _NO_SYNC)
    seen = 0
    for p in plan.after(plan.start):
        analysis.begin_step(plan.old_share(p))
        in_step = 0
        while True:
            served = [*_served(case, random, 1 - plan.old_share(p), _LOOK)]
            analysis.take(served, _NO_SYNC, _NO_SYNC)
            of_new = sum(each.version == "v2" for each in served)
            seen, in_step = seen + of_new, in_step + 1
            verdict = overall(analysis.findings())
            if verdict is Verdict.WORSE:
                return seen
            if verdict is Verdict.GOOD and in_step >= plan.interval:
                break
    return None


def detection(base: float, seed: int, most: int = 20_000) -> int | None:
    """Requests of the new version until 2 points more errors are found, at half of all requests."""
    random, analysis = Random(seed), Analysis("v1", "v2", Limits())  # noqa: S311 - a simulation
    case, seen = Case("", base, base + 0.02), 0
    analysis.begin_step(0.5)
    while seen < most:
        served = [*_served(case, random, 0.5, _LOOK)]
        analysis.take(served, _NO_SYNC, _NO_SYNC)
        seen += sum(each.version == "v2" for each in served)
        (errors,) = (each for each in analysis.findings() if each.name == "5xx")
        if errors.verdict is Verdict.WORSE:
            return seen
    return None


def _served(case: Case, random: Random, share: float, count: int) -> Iterator[Served]:
    for milliseconds in random.choices(_TIMES, k=count):
        is_new = random.random() < share
        failed = random.random() < (case.new_errors if is_new else case.old_errors)
        took = round(milliseconds * case.factor) if is_new else milliseconds
        yield Served("v2" if is_new else "v1", 500 if failed else 200, took)


@click.command()
@click.option("--rollouts", default=10_000, show_default=True, help="Of each kind.")
@click.option("--curves", default=1_000, show_default=True, help="For each base of errors.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="A folder.")
def simulate(rollouts: int, curves: int, plots: Path | None) -> None:
    """Simulate rollouts, and say how often and how soon each kind of version is rolled back."""
    began = time.monotonic()
    with ProcessPoolExecutor() as pool:
        for case in GOOD:
            found = [*pool.map(partial(rollout, case), range(rollouts), chunksize=25)]
            wrong = sum(each is not None for each in found)
            click.echo(f"{case.name}: {wrong} of {rollouts} rolled back")
        within: dict[str, list[tuple[float, float]]] = {}
        for case in BAD:
            found = [*pool.map(partial(rollout, case), range(rollouts), chunksize=25)]
            click.echo(f"{case.name}: {_summary(found)}")
            within[case.name] = _curve(found)
        by_base: dict[str, list[tuple[float, float]]] = {}
        for base in BASES:
            found = [*pool.map(partial(detection, base), range(curves), chunksize=10)]
            fixed = f"; a test of a fixed size: {FIXED[base]}" if base in FIXED else ""
            click.echo(f"2 points more over {100 * base:g} %, half each: {_summary(found)}{fixed}")
            by_base[f"over {100 * base:g} %"] = _curve(found)
    click.echo(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    if plots is not None:
        requests = "requests of the new version"
        for name, title, series in (
            ("rollouts", "Rollouts of bad versions that are found", within),
            ("detection", "2 points more errors, half of the requests each: found", by_base),
        ):
            text = line_plot(title, requests, "percent", series)
            (plots / f"canary-{name}.svg").write_text(text, "utf-8")


def _summary(found: list[int | None]) -> str:
    """How soon it was found, in how many of the cases."""
    ordered = sorted(each for each in found if each is not None)
    in_time = sum(each <= 1000 for each in ordered)  # noqa: PLR2004 - what is promised
    if len(ordered) < 0.99 * len(found):
        return f"{in_time} of {len(found)} within 1000 requests"
    last = ordered[int(0.99 * len(found)) - 1]
    half = ordered[len(found) // 2]
    share = 100 * in_time / len(found)
    return f"{share:.2f} % within 1000 requests, half by {half}, 99 % by {last}"


def _curve(found: list[int | None]) -> list[tuple[float, float]]:
    ordered = sorted(each for each in found if each is not None)
    points = [(ordered[(len(ordered) - 1) * n // 100], float(n)) for n in range(101)]
    return [(0.0, 0.0), *((float(x), y * len(ordered) / len(found)) for x, y in points)]


if __name__ == "__main__":
    simulate()
