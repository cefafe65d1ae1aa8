"""An event loop on which every step of every operation happens when a seed says so.

Our own code runs as it does on any loop. What it asks of databases and broker are `Operation`s: the
scheduler lets one of them go one step further, chosen at random, whenever our code only waits.
"""

import asyncio
import heapq
import random
from asyncio import events
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")
Steps = Generator[Any, None, T]
"""What a server does for one request: each `yield` ends a step, the return value is the answer."""

_TIMER_BEFORE_OPERATION = 0.02
"""How often a timer fires although operations could go on: they are slow then."""

GAP = True
"""What a server yields where it has read what its next step depends on."""

_SLOW_STEPS = 0.02
_SLOW_GAPS = (0.05, 0.15, 0.3)
_SLOWNESS = (0.8, 0.95, 0.99, 0.997)
"""Some steps are slow, and mostly passed over when chosen: much can happen before them. How many,
and how slow, is decided once a history; more of them where a process begins its next request, and
in a gap, because there it matters what others do meanwhile."""


class Process:
    """Something that can be killed: then nothing it asks for happens, and nothing answers it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True


class Operation:
    """A request to a server, until its answer has arrived.

    `place` is the server; `answer` is None where nobody waits for one any more.
    """

    __slots__ = (
        "_error",
        "_finished",
        "_result",
        "answer",
        "in_gap",
        "place",
        "process",
        "slow",
        "steps",
    )

    def __init__(
        self, process: Process, place: object, steps: Steps[Any], answer: asyncio.Future[Any] | None
    ) -> None:
        self.process = process
        self.place = place
        self.steps = steps
        self.answer = answer
        self.slow = False
        self.in_gap = False
        self._finished = False
        self._result: Any = None
        self._error: Exception | None = None

    def advance(self) -> bool:
        """One step further; True when there is nothing left to do.

        The arrival of the answer is a step of its own.
        """
        if self._finished:
            self._deliver()
            return True
        try:
            self.in_gap = next(self.steps) is GAP
        except StopIteration as stop:
            self._finished, self._result = True, stop.value
        except Exception as error:  # noqa: BLE001 - it is the answer
            self._finished, self._error = True, error
        return False

    def is_of(self, method: Callable[..., Steps[Any]]) -> bool:
        """Whether that method of the server is what is asked for."""
        return getattr(self.steps, "__name__", "") == method.__name__

    def __str__(self) -> str:
        """What is asked for, and how it stands."""
        name = getattr(self.steps, "__name__", "?")
        if not self._finished:
            return name
        return f"{name} -> {self._error or self._result!r}"

    def fail(self, error: Exception | None) -> None:
        """Answer with an error, or with nothing, whatever the server then does."""
        answer, self.answer = self.answer, None
        if answer is None or answer.done() or not self.process.alive:
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)
            answer.exception()  # perhaps nobody waits for it any more: that is no error

    def _deliver(self) -> None:
        if self._error is not None:
            self.fail(self._error)
        elif self.answer is not None and not self.answer.done() and self.process.alive:
            self.answer.set_result(self._result)


class Scheduler(asyncio.BaseEventLoop):
    """The loop. `random` is the one source of chance in a history.

    Where `trace` is a list, every step is told there.
    """

    _ready: Any
    _scheduled: Any

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.operations: list[Operation] = []
        self.steps = 0
        self.trace: list[str] | None = None
        self._time = 0.0
        self._slow_gaps = self.random.choice(_SLOW_GAPS)
        self._slowness = self.random.choice(_SLOWNESS)

    def time(self) -> float:
        """Seconds since the beginning of the history; they pass only when nothing else can."""
        return self._time

    def call(self, process: Process, place: object, steps: Steps[T]) -> Awaitable[T]:
        """Ask a server for something; nothing ever happens where the process is dead."""
        answer: asyncio.Future[T] = self.create_future()
        if process.alive:
            operation = Operation(process, place, steps, answer)
            operation.slow = self.random.random() < self._slow_gaps
            self.operations.append(operation)
        return answer

    def run_until(self, done: Callable[[], bool], between: Callable[[], None]) -> None:
        """Go on until `done`, which is asked, like `between`, whenever our code only waits."""
        events._set_running_loop(self)
        try:
            while True:
                self._run_ready()
                if done():
                    return
                between()
                if not self._ready:
                    self._advance()
        finally:
            events._set_running_loop(None)

    def cancel(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Cancel tasks and let them come to their ends."""
        for task in tasks:
            task.cancel()
        self.run_until(lambda: all(task.done() for task in tasks), lambda: None)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Errors that nobody waits for are errors of the history."""
        raise AssertionError(str(context)) from context.get("exception")

    def _run_ready(self) -> None:
        while self._ready:
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _advance(self) -> None:
        self.steps += 1
        timer_first = not self.operations or self.random.random() < _TIMER_BEFORE_OPERATION
        if (timer_first and self._fire_next_timer()) or not self.operations:
            return
        at = self._choose()
        operation = self.operations[at]
        if self.trace is not None:
            self.note(f"{operation.process.name}: {operation}")
        if operation.advance():
            self.operations[at] = self.operations[-1]
            self.operations.pop()
        else:
            slow = self._slow_gaps if operation.in_gap else _SLOW_STEPS
            operation.slow = self.random.random() < slow

    def note(self, what: str) -> None:
        """Tell the trace of it, if there is one."""
        if self.trace is not None:
            self.trace.append(f"{self.steps:5} {what}")

    def _choose(self) -> int:
        """Any operation, but one whose next step is slow only now and then."""
        while True:
            at = int(self.random.random() * len(self.operations))
            if not self.operations[at].slow or self.random.random() > self._slowness:
                return at

    def _fire_next_timer(self) -> bool:
        while self._scheduled:
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            if not timer._cancelled:
                self._time = max(self._time, timer._when)
                self._ready.append(timer)
                return True
        return False
