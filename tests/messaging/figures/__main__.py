"""The commands."""

import click

from tests.messaging.figures.beside import beside


@click.group()
def main() -> None:
    """Measure the sync on the real parts of this machine."""


main.add_command(beside)

if __name__ == "__main__":
    main()
