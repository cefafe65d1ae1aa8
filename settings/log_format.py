"""What LOG_FORMAT may be."""

from enum import StrEnum


class LogFormat(StrEnum):
    """How a process writes its log."""

    AUTO = "auto"
    """CONSOLE on a terminal, else JSON."""
    CONSOLE = "console"
    """A line for people."""
    JSON = "json"
    """A JSON object a line."""
