"""The nodes of RabbitMQ, and how each is reached."""

from collections.abc import Sequence

import pika

from messaging.settings import RabbitSettings

_HEARTBEAT_SECONDS = 20

# A blocked connection is not even read from: a closing of it, or an acknowledgement, would reach
# the broker only afterwards. This drops it, so that what it holds goes to others.
_MAX_BLOCKED_SECONDS = 30


Nodes = Sequence[pika.ConnectionParameters]
"""How to reach each node of RabbitMQ, any of which will do; one at the least."""


def connection_parameters(settings: RabbitSettings, name: str) -> Nodes:
    """How to reach each node of RabbitMQ; `name` is what the broker shows of the connection."""
    tls = settings.tls
    return [
        pika.ConnectionParameters(
            host,
            settings.port,
            ssl_options=None if tls is None else pika.SSLOptions(tls, host),
            credentials=pika.PlainCredentials(settings.username, settings.password),
            heartbeat=_HEARTBEAT_SECONDS,
            socket_timeout=5,
            stack_timeout=10,
            blocked_connection_timeout=_MAX_BLOCKED_SECONDS,
            connection_attempts=1,  # who holds the connection tries again
            client_properties={"connection_name": name},
        )
        for host in settings.hosts
    ]
