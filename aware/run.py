"""`run`: a process of events."""

from functools import partial
from typing import TYPE_CHECKING

import click
import structlog

from processes import relay, subscriber
from processes.tracing import configure_tracing
from services.reading import declared

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command("run")
@click.argument("process")
def run_command(process: str) -> None:
    """Publish a service's events, or follow those of others, until SIGTERM.

    PROCESS is what services.yaml calls it.
    """
    system = declared()
    starts: dict[str, Callable[[], None]] = {}
    for service in system:
        if service.publishes is not None:
            relay_of = partial(relay.run, system, service, service.publishes)
            starts[service.publishes.process] = relay_of
        if service.follows is not None:
            subscriber_of = partial(subscriber.run, system, service, service.follows)
            starts[service.follows.process] = subscriber_of
    if process not in starts:
        known = ", ".join(starts) or "no process of events"
        raise click.BadParameter(f"{process} is none of services.yaml, which has {known}")
    structlog.contextvars.bind_contextvars(process=process)
    configure_tracing(process)
    starts[process]()
