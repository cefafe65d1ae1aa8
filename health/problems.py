"""What keeps a process from its work, and what to do about it: in its readiness, and in its log."""

from collections.abc import Hashable
from dataclasses import dataclass

import structlog


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that says what is wrong, and one that says what to do. No secret is in either."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}"


class Problems:
    """What is wrong with one thing that a process needs, such as the database.

    Until all are over, each is said once in the log, however often it is found; then that is said.
    Several may look, and each says `by` what: for it, something else is wrong, or nothing any more.
    """

    def __init__(self, of: str) -> None:
        self._of = of
        self._found: dict[Hashable, Problem] = {}
        self._said: set[Problem] = set()
        self._log = structlog.get_logger()

    @property
    def current(self) -> Problem | None:
        """What has been wrong for the longest time, if anything is."""
        return next(iter(self._found.values()), None)

    def report(self, problem: Problem | None, by: Hashable = "") -> None:
        """This is wrong now, or nothing."""
        if problem is None:
            if self._found.pop(by, None) is not None and not self._found:
                self._said.clear()
                self._log.info("problem_over", of=self._of)
            return
        self._found[by] = problem
        if problem not in self._said:
            self._said.add(problem)
            self._log.warning(
                "problem_found", of=self._of, reason=problem.reason, remedy=problem.remedy
            )

    def report_alone(self, problem: Problem, by: Hashable = "") -> None:
        """This is wrong now, and keeps anybody from telling what else is."""
        self.report(problem, by)
        for other in [each for each in self._found if each != by]:
            self.report(None, other)
