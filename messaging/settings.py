"""What a process must be told about RabbitMQ."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RabbitSettings:
    """Where RabbitMQ is, as whom to log in, and the name of the queue."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    queue: str
