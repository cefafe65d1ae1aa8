"""Many callers, one query."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from storage.client import REQUEST_TIMEOUT_MS

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MAX_QUESTIONS = 200
"""How many questions one query answers at most."""


class DataLoader(Generic[Question, Answer]):
    """Those who ask while a query is under way share the next one.

    Whoever asks alone waits for nobody. The more ask at once, the less each of them costs.
    A question is only ever answered by a query that began after it was asked.
    """

    def __init__(self, query: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        """Ask through `query`, which answers in the order of its questions."""
        self._query = query
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer. To give up waiting for it harms nobody else.

        Raises:
            TimeoutError: The query took longer than `REQUEST_TIMEOUT_MS`.
            Exception: What the query raised.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all())
        return await answer

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                # While the database is away, most of those who wait have given up.
                waiting = [each for each in self._waiting if not each[1].done()]
                batch, self._waiting = waiting[:MAX_QUESTIONS], waiting[MAX_QUESTIONS:]
                if batch:
                    await self._ask_for(batch)
        finally:
            self._asking = None

    async def _ask_for(self, batch: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
                answers = await self._query([question for question, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for those who asked
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
        else:
            for (_, waiting), answer in zip(batch, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)
