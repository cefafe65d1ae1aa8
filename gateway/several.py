"""Several Kongs that share the traffic, and are told alike: each has the split in its memory."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gateway.configuration import Configuration
from gateway.errors import GatewayError, PartlyToldError, UnreachableError
from gateway.process import Kind
from gateway.running import Kong, LiveTarget

T = TypeVar("T")


class Kongs:
    """See `RunningGateway`; `urls` are those of their Admin APIs."""

    kind = Kind.KONG

    def __init__(self, urls: Sequence[str]) -> None:
        self._kongs = {url: Kong(url) for url in urls}

    def answer(self) -> None:
        """Raise UnreachableError where none does."""
        answers, failed = self._ask(Kong.answer)
        if not answers:
            raise next(iter(failed.values()))

    def share(self, service: str = "") -> int:
        """See `RunningGateway`; raises GatewayError where they have several."""
        found = self._of_all(partial(Kong.share, service=service))
        if len({*found.values()}) > 1:
            shares = ", ".join(f"{url} {share} %" for url, share in found.items())
            raise GatewayError(
                f"the gateways do not split alike: {shares}. `gateway weight` tells them all"
            )
        return next(iter(found.values()))

    def targets(self, service: str = "") -> tuple[LiveTarget, ...]:
        """See `RunningGateway`: as the one sees them that sees the fewest up."""
        seen: dict[str, LiveTarget] = {}
        for targets in self._of_all(partial(Kong.targets, service=service)).values():
            for each in targets:
                if each.address not in seen or each.up < seen[each.address].up:
                    seen[each.address] = each
        return tuple(seen.values())

    def apply(self, text: str, configuration: Configuration) -> None:
        """See `RunningGateway`.

        Raises:
            PartlyToldError: Some split like this now, and it names those that do not.
        """
        told, failed = self._ask(partial(Kong.apply, text=text, configuration=configuration))
        if not told:
            raise next(iter(failed.values()))
        if failed:
            raise PartlyToldError(
                f"{len(told)} of {len(self._kongs)} gateways split like this now, but not "
                f"{'; nor '.join(f'{url}: {error}' for url, error in failed.items())}. "
                "See that they run, and say it again"
            )

    def _of_all(self, question: Callable[[Kong], T]) -> dict[str, T]:
        answers, failed = self._ask(question)
        if failed:
            raise next(iter(failed.values()))
        return answers

    def _ask(
        self, question: Callable[[Kong], T]
    ) -> tuple[dict[str, T], dict[str, UnreachableError]]:
        """What each answers, all at once, and why others do not; by their addresses."""
        answers: dict[str, T] = {}
        failed: dict[str, UnreachableError] = {}
        with ThreadPoolExecutor(len(self._kongs)) as threads:
            asked = {url: threads.submit(question, kong) for url, kong in self._kongs.items()}
        for url, each in asked.items():
            try:
                answers[url] = each.result()
            except UnreachableError as error:
                failed[url] = error
        return answers, failed
