"""`beside`: how long others wait beside a user with many orders, and how fast those are updated."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import click
import httpx

from canary.plots import line_plot
from local.environments import SET_UPS
from local.parts import DATABASES, event_processes
from local.ports import Ports
from local.stack import Stack
from storage.client import MongoSettings, connect
from tests.messaging.figures.population import Population

_OTHERS = 50
_LOOK_EVERY_SECONDS = 0.003
_CHANGE_EVERY_SECONDS = 0.05
_SETTLE_SECONDS = 3


@dataclass(frozen=True)
class Row:
    """Beside a user with so many orders: others' lags, in seconds, and the orders' rates."""

    orders: int
    lags: Sequence[float]
    straight: float
    swept: float
    megabytes: float

    @property
    def p99(self) -> float:
        """Of the lags."""
        return quantiles(self.lags, n=100)[-1]

    def __str__(self) -> str:
        """A line of the table."""
        rates = f"{self.swept:>10,.0f}{self.straight:>11,.0f}" if self.orders else f"{'':>21}"
        lags = f"{1000 * median(self.lags):>8.0f}{1000 * self.p99:>8.0f}"
        return f"{self.orders:>12,}{len(self.lags):>11}{lags}{rates}{self.megabytes:>10.0f}"


_COLUMNS = (
    ("orders", "beside", 12),
    ("changes", "of others", 11),
    ("median", "ms", 8),
    ("p99", "ms", 8),
    ("orders/s", "swept", 10),
    ("by one", "statement", 11),
    ("consumer", "MB", 10),
)


@click.command("beside")
@click.option("--sizes", default="0,1000,10000,100000,1000000", show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="For each size.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="A folder.")
def beside(sizes: str, seconds: float, plots: Path | None) -> None:
    """Change a user with many orders every second, and see how long the orders of others take."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), Ports.free(), 50, (*DATABASES, *SET_UPS, *event_processes()))
        click.echo("Starting the system ...", err=True)
        stack.start()
        try:
            rows = asyncio.run(_measure(stack, [int(each) for each in sizes.split(",")], seconds))
        finally:
            stack.stop()
    if plots is not None:
        points = [(each.orders / 1000, each) for each in rows]
        lags = {
            "median": [(x, 1000 * median(each.lags)) for x, each in points],
            "99 of 100": [(x, 1000 * each.p99) for x, each in points],
        }
        title = "Lag of users with one order beside one with many"
        text = line_plot(title, "thousand orders of that one", "milliseconds", lags)
        (plots / "sync-beside.svg").write_text(text, "utf-8")


async def _measure(stack: Stack, sizes: Sequence[int], seconds: float) -> list[Row]:
    environment = stack.environment("mongodb-setup")
    mongo = MongoSettings(
        environment["MONGO_URI"], environment["MONGO_USERNAME"], environment["MONGO_PASSWORD"]
    )
    for line in (0, 1):
        click.echo("".join(f"{column[line]:>{column[2]}}" for column in _COLUMNS))
    rows = []
    async with connect(mongo) as client:
        population = Population(client, mongo)
        others = [await population.add(1) for _ in range(_OTHERS)]
        for size in sizes:
            rows.append(await _row(stack, population, others, size, seconds))
            click.echo(str(rows[-1]))
    return rows


async def _row(
    stack: Stack, population: Population, others: Sequence[str], size: int, seconds: float
) -> Row:
    straight = 0.0
    changing: asyncio.Task[None] | None = None
    if size:
        big = await population.add(size)
        began = time.monotonic()
        await population.update_straight(big)
        straight = size / (time.monotonic() - began)
        await population.change(big)  # from version 1 on, which they have
        changing = asyncio.create_task(_change_for_ever(population, big))
    await asyncio.sleep(_SETTLE_SECONDS)
    before, began = await _orders_updated(stack), time.monotonic()
    lags: list[float] = []
    with click.progressbar(length=int(seconds), label=f"{size:,} beside", file=sys.stderr) as bar:
        while (passed := time.monotonic() - began) < seconds:
            bar.update(int(passed) - bar.pos)
            lags.append(await _lag(population, others[len(lags) % len(others)]))
            await asyncio.sleep(_CHANGE_EVERY_SECONDS)
    swept = (await _orders_updated(stack) - before - len(lags)) / (time.monotonic() - began)
    megabytes = stack.process("order-consumer").memory_info().rss / 1e6
    if changing is not None:
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
        await population.remove_orders(big)
    return Row(size, lags, straight, swept, megabytes)


async def _change_for_ever(population: Population, user_id: str) -> None:
    while True:
        await population.change(user_id)
        await asyncio.sleep(1)


async def _lag(population: Population, user_id: str) -> float:
    """From the change until the order has it, in seconds."""
    began = time.monotonic()
    emails = await population.change(user_id)
    while not await population.have(user_id, emails):  # noqa: ASYNC110 - databases tell nobody
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    return time.monotonic() - began


async def _orders_updated(stack: Stack) -> float:
    """What the consumer says."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{stack.ports.url('order-consumer')}/metrics")
    lines = [each.split() for each in answer.text.splitlines() if not each.startswith("#")]
    (total,) = (float(of) for name, of in lines if name == "aware_orders_updated_total")
    return total
