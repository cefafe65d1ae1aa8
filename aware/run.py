"""`run`: a process of events."""

import click
import structlog

from processes import consumer, relay
from services.reading import declared


@click.command("run")
@click.argument("process")
def run_command(process: str) -> None:
    """Publish a service's events, or follow those of others, until SIGTERM.

    PROCESS is what services.yaml calls it.
    """
    rows = {
        row.process: (run, service, row)
        for service in declared()
        for run, found in ((relay.run, service.publishes), (consumer.run, service.follows))
        for row in found
    }
    if process not in rows:
        known = ", ".join(rows) or "no process of events"
        raise click.BadParameter(f"{process} is none of services.yaml, which has {known}")
    structlog.contextvars.bind_contextvars(process=process)
    run, service, row = rows[process]
    run(service, row)
