"""`python -m aware`: every command of the system."""

import sys

import click
from pymongo.errors import PyMongoError

from aware.generate import generate
from aware.setup import setup
from contract.document import InvalidDocumentError
from processes.logs import configure_logs
from processes.settings import SettingsError


@click.group()
def aware() -> None:
    """Run, operate and regenerate Aware Micro-Services."""


aware.add_command(setup)
aware.add_command(generate)


def main() -> None:
    """Run a command; what stops it is one line on stderr and exit code 1."""
    try:
        configure_logs(sys.argv[1] if len(sys.argv) > 1 else "aware")
        aware(prog_name="aware")
    except (SettingsError, InvalidDocumentError) as error:
        sys.exit(f"aware: {error}")
    except PyMongoError as error:
        sys.exit(f"aware: MongoDB: {error}")


if __name__ == "__main__":
    main()
