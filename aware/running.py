"""Doing the work of a command that talks to the servers: what goes wrong is one line."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import structlog
from pymongo.errors import PyMongoError

from messaging.broker import BrokerError
from messaging.dead_letters import UnknownLetter
from messaging.resync import UnknownKey
from storage.backup.manifest import BackupError
from storage.mongo_io import DatabaseUnavailable
from storage.redaction import redacted

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], *, log_level: int = logging.WARNING) -> T:
    """Do it; what can go wrong becomes one line on stderr and exit status 1."""
    # A connection made is news in a service, and noise here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(log_level))
    with in_one_line():
        return asyncio.run(work)


@contextmanager
def bar(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Progress, where somebody looks: to be told of so many more that are done."""
    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as shown:
        yield shown.update


@contextmanager
def in_one_line() -> Iterator[None]:
    """The same for what needs no event loop."""
    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except UnknownLetter as error:
        raise click.ClickException(f"there is no dead letter {error}") from error
    except UnknownKey as error:
        raise click.ClickException(f"there is no document {error}") from error
    except (DatabaseUnavailable, PyMongoError) as error:
        raise click.ClickException(f"MongoDB: {redacted(error)}") from error
    except (BrokerError, TimeoutError) as error:
        reason = str(error) or "no connection, or somebody else holds the dead letters"
        raise click.ClickException(f"RabbitMQ: {reason}") from error
