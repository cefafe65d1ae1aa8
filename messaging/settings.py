"""What a process must be told about RabbitMQ."""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RabbitSettings:
    """Where RabbitMQ is, as whom to log in, and the name of the queue.

    `host` are several with commas where it has several nodes, each with the same ports. With
    `authority`, certificates as PEM, everything goes over TLS, and only to those that one of them
    vouches for.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    queue: str
    authority: str = ""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How it is spoken; None where it is not. Raises ssl.SSLError: `authority` is none."""
        return ssl.create_default_context(cadata=self.authority) if self.authority else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those of the nodes."""
        return tuple(self.host.split(","))
