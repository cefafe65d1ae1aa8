"""Passwords of a system on this machine: made once, kept in one file that only its owner reads."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from processes.settings import password_variable
from services.reading import declared

HIGHEST = (
    "MONGO_ROOT_PASSWORD",
    "MONGO_KEYFILE",
    "RABBITMQ_ADMIN_PASSWORD",
    "RABBITMQ_ERLANG_COOKIE",
)
"""Those that the servers are made with; all others are given by the set-ups."""

COMMANDS = ("backup-reader", "smoke-test")
"""Logins in MongoDB that are no process's."""


def names() -> tuple[str, ...]:
    """The names of all passwords."""
    services = [each.name for each in declared() if each.database]
    events = [each.process for service in declared() for each in service.event_processes]
    return (
        *HIGHEST,
        *(password_variable(login, "MONGO") for login in (*services, *events, *COMMANDS)),
        *(password_variable(login, "RABBITMQ") for login in events),
    )


def load(file: Path) -> Mapping[str, str]:
    """The passwords in `file`, by name; what the file lacks is made up and added to it.

    Letters and digits only, so that they need no quoting anywhere.
    """
    found: dict[str, str] = {}
    if file.exists():
        pairs = (line.partition("=") for line in file.read_text().splitlines() if line)
        found = {name: value for name, _, value in pairs}
    if not set(names()) <= set(found):
        found |= {name: secrets.token_hex(20) for name in names() if name not in found}
        write_private(file, "".join(f"{name}={value}\n" for name, value in found.items()))
    return found


def write_private(file: Path, text: str) -> None:
    """Put `text` in `file` in one step, readable by its owner alone at every moment."""
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    unfinished.replace(file)
