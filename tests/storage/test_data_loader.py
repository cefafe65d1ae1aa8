"""Many callers, one query: who shares it, and who is harmed when something goes wrong."""

import asyncio
from collections.abc import Sequence

import pytest

from storage import data_loader
from storage.data_loader import DataLoader

pytestmark = pytest.mark.anyio


class Squares:
    """Queries that go on when they are told to, and what each of them was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.failure: Exception | None = None
        self._go_on = asyncio.Semaphore(0)

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        """The square of each."""
        self.asked.append(list(numbers))
        await self._go_on.acquire()
        if self.failure is not None:
            raise self.failure
        return [number * number for number in numbers]

    def finish(self, queries: int = 1) -> None:
        """Let so many queries go on."""
        for _ in range(queries):
            self._go_on.release()


async def asking(squares: DataLoader[int, int], *numbers: int) -> list[asyncio.Task[int]]:
    """Callers that have asked and wait."""
    tasks = [asyncio.create_task(squares.ask(number)) for number in numbers]
    await asyncio.sleep(0.01)
    return tasks


async def test_alone_nobody_waits() -> None:
    """One question, one query, at once; the next one has its own."""
    query = Squares()
    squares = DataLoader(query)
    query.finish(2)
    assert [await squares.ask(3), await squares.ask(4)] == [9, 16]
    assert query.asked == [[3], [4]]


async def test_those_who_come_meanwhile_share_the_next_query() -> None:
    """None of them is answered by the one that had begun before they asked."""
    query = Squares()
    squares = DataLoader(query)
    (first,) = await asking(squares, 1)
    others = await asking(squares, 2, 3, 2)
    assert query.asked == [[1]]
    query.finish()
    assert await first == 1
    await asyncio.sleep(0.01)
    assert query.asked == [[1], [2, 3, 2]]
    query.finish()
    assert await asyncio.gather(*others) == [4, 9, 4]


async def test_a_query_takes_no_more_than_its_share() -> None:
    """What is too much for one goes into the next."""
    query = Squares()
    squares = DataLoader(query)
    tasks = await asking(squares, *range(data_loader.MAX_QUESTIONS + 1))
    query.finish(2)
    assert await asyncio.gather(*tasks) == [
        each * each for each in range(data_loader.MAX_QUESTIONS + 1)
    ]
    assert [len(each) for each in query.asked] == [data_loader.MAX_QUESTIONS, 1]


async def test_a_failure_is_that_of_those_who_shared_it() -> None:
    """And of nobody after them."""
    query = Squares()
    squares = DataLoader(query)
    query.failure = ConnectionError("gone")
    failing = await asking(squares, 1, 2)
    query.finish(2)
    for each in failing:
        with pytest.raises(ConnectionError, match="gone"):
            await each
    query.failure = None
    query.finish()
    assert await squares.ask(5) == 25


async def test_giving_up_harms_nobody_else_and_leaves_no_question() -> None:
    """Neither who shares the query, nor who comes later, nor the database."""
    query = Squares()
    squares = DataLoader(query)
    (first,) = await asking(squares, 1)
    second, third = await asking(squares, 2, 3)
    second.cancel()
    first.cancel()
    query.finish(2)
    assert await third == 9
    assert query.asked == [[1], [3]]


async def test_a_query_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those behind it have theirs."""
    monkeypatch.setattr(data_loader, "REQUEST_TIMEOUT_MS", 50)
    query = Squares()
    squares = DataLoader(query)
    (hanging,) = await asking(squares, 1)
    (behind,) = await asking(squares, 2)
    with pytest.raises(TimeoutError):
        await hanging
    query.finish()
    assert await behind == 4
