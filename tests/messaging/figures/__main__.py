"""The commands."""

import click

from tests.messaging.figures.beside import beside
from tests.messaging.figures.memory import memory
from tests.messaging.figures.sharing import sharing


@click.group()
def main() -> None:
    """Measure the sync on the real parts of this machine."""


main.add_command(beside)
main.add_command(memory)
main.add_command(sharing)

if __name__ == "__main__":
    main()
