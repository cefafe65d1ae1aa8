"""How a rollout shows itself: a table that stays in place on a terminal, plain lines elsewhere."""

import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from canary.analysis import Finding, Verdict
from canary.record import Plan, Record

_STYLES = {Verdict.GOOD: "green", Verdict.UNKNOWN: "yellow", Verdict.WORSE: "bold red"}
_WIDTH, _BAR = 80, 12


class Screen(AbstractContextManager["Screen"]):
    """Shows the present state in a table; use it as a context."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def __call__(self, record: Record, findings: tuple[Finding, ...], state: str) -> None:
        """As `Display`."""
        self._live.update(picture(record, findings, state))


class Lines(AbstractContextManager["Lines"]):
    """Prints a line for each new P, and now and then; `every` is how many seconds lie between."""

    def __init__(self, console: Console, every: float = 10.0) -> None:
        self._console, self._every = console, every
        self._shown: tuple[int | None, float] = (None, 0.0)

    def __exit__(self, *_: object) -> None:
        """Nothing is left to do."""

    def __call__(self, record: Record, findings: tuple[Finding, ...], state: str) -> None:
        """As `Display`."""
        p, moment = self._shown
        if p == record.p and time.monotonic() - moment < self._every:
            return
        self._shown = (record.p, time.monotonic())
        plan = record.plan
        compared = ", ".join(f"{each.name} {each.old} | {each.new}" for each in findings)
        line = f"P {record.p} of {plan.start} to {plan.to} ({plan.old} | {plan.new}): {state}"
        self._console.print(f"{line}; {compared}" if compared else line, soft_wrap=True)


def display(console: Console) -> Screen | Lines:
    """Whichever fits where the output goes."""
    return Screen(console) if console.is_terminal else Lines(console)


def picture(record: Record, findings: tuple[Finding, ...], state: str) -> Group:
    """One screen of at most 80 columns."""
    plan = record.plan
    title = Text.assemble(
        ("Rollout of ", ""), (plan.new, "bold"), f": P from {plan.start} to {plan.to}"
    )
    table = Table(width=_WIDTH, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column(plan.old, justify="right", no_wrap=True)
    table.add_column(plan.new, justify="right", no_wrap=True)
    table.add_column("may be", no_wrap=True)
    table.add_column("to verdict", width=_BAR)
    for each in findings:
        table.add_row(
            Text(each.name, _STYLES[each.verdict]),
            each.old,
            each.new,
            each.limit,
            ProgressBar(100, 100 * each.evidence, width=_BAR, complete_style=_STYLES[each.verdict]),
        )
    shown = [title, _steps(plan, record.p), Text("")]
    return Group(*shown, *([table] if findings else []), Text(state, "dim"))


def _steps(plan: Plan, p: int) -> Text:
    """All values of P, those that are behind, and where it is."""
    text, reached = Text(), True
    for each in (plan.start, *plan.after(plan.start)):
        reached = reached and (each == p or _is_behind(plan, each, p))
        style = "bold reverse" if each == p else "green" if reached else "dim"
        text.append(f" {each} ", style)
    return text


def _is_behind(plan: Plan, one: int, p: int) -> bool:
    return one < p if plan.to > plan.start else one > p
