"""A channel of a connection."""

from typing import Any, Self

from messaging.calls import Calls


class Channel(Calls):
    """`raw` is pika's channel. Whatever the broker refuses closes it, and nothing else."""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 - pika's
        super().__init__()
        self.raw = raw
        raw.add_on_close_callback(lambda _, reason: self.lose(reason))

    @classmethod
    async def open(cls, connection: Any, calls: Calls) -> Self:  # noqa: ANN401 - pika's
        """Open one, with the calls of its connection. Raises Disconnected."""
        return cls(await calls.call(connection.channel, "on_open_callback"))

    def close(self) -> None:
        """Close it, if it is not closed already."""
        if self.raw.is_open:
            self.raw.close()
