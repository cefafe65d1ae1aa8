"""`python -m aware`: every command of the system."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

import click
from pymongo.errors import PyMongoError

from messaging.setup import BrokerSetupError
from openapi.errors import InvalidDocumentError
from processes.logs import configure_logs
from settings.environment import SettingError
from storage.contradictions import ContradictionError
from storage.evolution.errors import MigrationError
from storage.redaction import redacted
from storage.replica_set import ReplicaSetError

COMMANDS: Mapping[str, str] = {
    "up": "local.commands:up",
    "start": "local.commands:start",
    "dev": "development.command:dev",
    "stop": "local.commands:stop",
    "status": "local.commands:status",
    "logs": "local.commands:logs",
    "as": "local.commands:run_as",
    "reset": "local.reset:reset",
    "gateway": "aware.gateway:gateway",
    "setup": "aware.setup:setup",
    "migrate": "aware.migrate:migrate",
    "run": "aware.run:run_command",
    "exporter": "aware.exporter:exporter",
    "forward": "aware.forward:forward",
    "dead-letters": "aware.dead_letters:dead_letters_command",
    "sync": "aware.sync:sync_command",
    "resync": "aware.resync:resync_command",
    "backup": "aware.backup:backup_command",
    "restore": "aware.backup:restore_command",
    "convert": "aware.convert:convert",
    "remove-smoke-test": "aware.smoke_test:remove_command",
    "service": "aware.service:service",
    "generate": "aware.generate:generate",
    "check": "aware.generate:check",
    "pages": "aware.generate:pages",
    "docs": "aware.docs:docs",
    "changelog": "aware.changelog:changelog",
    "release": "aware.release:release",
    "sdks": "aware.sdks:sdks",
    "publish": "aware.publish:publish",
}
"""Where each command is. Loaded when it is called: an image in which the system runs has not
installed what running it on a laptop needs."""


_TOLD = (
    *(SettingError, InvalidDocumentError, BrokerSetupError),
    *(ContradictionError, MigrationError, ReplicaSetError),
)
"""What goes wrong for a reason that its message says."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is needed."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Those that are installed, in the order of `COMMANDS`."""
        return [name for name, where in COMMANDS.items() if _is_installed(where)]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of this name, or None."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


def _is_installed(where: str) -> bool:
    module, _, _ = where.partition(":")
    package, _, _ = module.partition(".")
    return find_spec(package) is not None and find_spec(module) is not None


@click.group(cls=LazyGroup)
def aware() -> None:
    """Run, operate and regenerate Aware Micro-Services."""


def main() -> None:
    """Run a command; what stops it is one line on stderr and exit code 1."""
    try:
        configure_logs(sys.argv[1] if len(sys.argv) > 1 else "aware")
        aware(prog_name="aware")
    except _TOLD as error:
        sys.exit(f"aware: {error}")
    except PyMongoError as error:
        sys.exit(f"aware: MongoDB: {redacted(error)}")


if __name__ == "__main__":
    main()
