"""What can go wrong between a person and a system on this machine; each message says what to do."""

from collections.abc import Sequence


class LocalError(Exception):
    """Something the person at the keyboard can put right; its text is the whole message."""


class MissingError(LocalError):
    """A program or a package that this machine lacks."""


class PortTakenError(LocalError):
    """Another process listens where a part is to listen."""


class AlreadyRunningError(LocalError):
    """The system of this state folder runs, or is just being started or stopped."""


class NotRunningError(LocalError):
    """The system of this state folder does not run."""


class PartFailedError(LocalError):
    """A part died, failed or did not become healthy in time.

    Carries the part's name, the reason in one line and the last lines of its log.
    """

    def __init__(self, part: str, reason: str, log: str, lines: Sequence[str]) -> None:
        self.part, self.reason, self.log, self.lines = part, reason, log, tuple(lines)
        shown = "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"
        super().__init__(f"{part} {reason}. The last lines of {log}:\n{shown}")


class SetUpFailedError(PartFailedError):
    """The set-up of MongoDB failed; MongoDB runs, and nothing else does."""

    def __init__(self, failed: PartFailedError, address: str) -> None:
        super().__init__(failed.part, failed.reason, failed.log, failed.lines)
        end = f"MongoDB goes on running at {address}, with what it holds; `make stop` ends it."
        self.args = (f"{failed}\n{end}",)
