"""`sharing`: how fast the orders of many users follow, by relays and consumers, at which cost."""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import psutil

from canary.plots import line_plot
from local.environments import SET_UPS
from local.parts import DATABASES
from local.ports import Ports
from local.stack import Stack
from storage.client import MongoSettings, connect
from tests.messaging.figures.population import Population
from tests.messaging.figures.processes import running

_LOOK_EVERY_SECONDS = 0.25
_PART_OF_LOOKING = 0.05  # of the time, at most: to look is work for MongoDB, too
_TELL_SECONDS = 5
_SETTLE_SECONDS = 6  # by then the relays have shared out the work


@dataclass(frozen=True)
class Row:
    """What so many relays and as many consumers took for changes of so many users.

    `behind` is how many orders were to follow, by the seconds since the beginning.
    """

    processes: int
    users: int
    behind: Sequence[tuple[float, int]]
    cpu: Mapping[str, float]
    megabytes: float

    @property
    def seconds(self) -> float:
        """Until the last order had followed."""
        return self.behind[-1][0]

    def __str__(self) -> str:
        """A line of the table."""
        each = 1e6 / self.users
        own = (self.cpu["relays"] + self.cpu["consumers"]) * each
        others = (self.cpu["mongodb"] + self.cpu["rabbitmq"]) * each
        rate = self.users / self.seconds
        return (
            f"{self.processes:>10}{self.users:>10,}{self.seconds:>10.1f}{rate:>10,.0f}"
            f"{own:>12,.0f}{others:>10,.0f}{self.megabytes:>10.0f}"
        )


_COLUMNS = (
    ("relays and", "consumers", 10),
    ("users", "", 10),
    ("seconds", "", 10),
    ("changes", "a second", 10),
    ("their CPU", "µs/change", 12),
    ("servers'", "µs/change", 10),
    ("consumer", "MB", 10),
)


@click.command("sharing")
@click.option("--users", default=20_000, show_default=True, help="With an order each.")
@click.option("--processes", default="1,2,4", show_default=True, help="Relays, and consumers.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="A folder.")
def sharing(users: int, processes: str, plots: Path | None) -> None:
    """Have many users change at once, and see how long their orders take to follow."""
    rows = []
    for line in (0, 1):
        click.echo("".join(f"{column[line]:>{column[2]}}" for column in _COLUMNS))
    for count in map(int, processes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            stack = Stack(Path(folder), Ports.free(), 50, (*DATABASES, *SET_UPS))
            stack.start()
            try:
                rows.append(asyncio.run(_row(stack, users, count)))
            finally:
                stack.stop()
        click.echo(str(rows[-1]))
    if plots is not None:
        series = {
            f"{each.processes} and {each.processes}": [
                (seconds, behind / 1000) for seconds, behind in each.behind
            ]
            for each in rows
        }
        title = f"{users:,} changes at once, by relays and consumers"
        text = line_plot(title, "seconds", "thousand orders that are behind", series)
        (plots / "sync-drain.svg").write_text(text, "utf-8")


async def _row(stack: Stack, users: int, count: int) -> Row:
    environment = stack.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    async with connect(mongo) as client:
        population = Population(client, mongo)
        await population.add_crowd(users)
        with (
            running(stack, "order-consumer", count) as consumers,
            running(stack, "user-relay", count) as relays,
        ):
            groups = {"relays": relays, "consumers": consumers}
            groups |= {each: [stack.process(each)] for each in ("mongodb", "rabbitmq")}
            await asyncio.sleep(_SETTLE_SECONDS)
            before = {name: _cpu(group) for name, group in groups.items()}
            changing = asyncio.create_task(population.change_crowd())
            behind = await _follow(population, users)
            await changing
            cpu = {name: _cpu(group) - before[name] for name, group in groups.items()}
            megabytes = max(each.memory_info().rss for each in consumers) / 1e6
    return Row(count, users, behind, cpu, megabytes)


async def _follow(population: Population, users: int) -> list[tuple[float, int]]:
    """How many orders are behind, until none is."""
    began, found = time.monotonic(), [(0.0, users)]
    told = began
    took = 0.0
    while found[-1][1]:
        await asyncio.sleep(max(_LOOK_EVERY_SECONDS, took / _PART_OF_LOOKING))
        looked = time.monotonic()
        behind, now = await population.behind(), time.monotonic()
        took = now - looked
        found.append((now - began, behind))
        if now - told > _TELL_SECONDS:
            told = now
            click.echo(f"{behind:,} orders are behind", err=True)
    return found


def _cpu(processes: Sequence[psutil.Process]) -> float:
    """Seconds that they have taken, and their children."""
    family = [each for one in processes for each in (one, *one.children(recursive=True))]
    return sum(each.cpu_times().user + each.cpu_times().system for each in family)
