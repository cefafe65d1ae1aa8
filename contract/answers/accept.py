"""Which of several media types a client prefers: the header `Accept` (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from starlette.types import Scope

from contract.answers.media_types import MediaRange, media_range

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))+')
_WEIGHT = re.compile(r"(?:[01]|(?=\.[0-9]))(?:\.[0-9]*)?")


class Accept:
    """What a client takes, and how much it likes each of it.

    What is not understood of the header is passed over: some clients send `*; q=.2`, and mean it.
    """

    def __init__(self, header: str) -> None:
        # The most specific range that covers a media type decides about it.
        ranges = sorted(_ranges(header), key=lambda each: each[0].specificity, reverse=True)
        self._ranges = ranges
        self.says_nothing = not ranges
        """Whether there is no range in it at all."""

    def quality(self, offer: MediaRange) -> float:
        """From 0, not taken, to 1; of an offer that is a range, that of the best within it."""
        covering = next((weight for each, weight in self._ranges if each.covers(offer)), 0.0)
        if offer.is_concrete:
            return covering
        return max([covering, *(weight for each, weight in self._ranges if offer.covers(each))])


def _ranges(header: str) -> Iterator[tuple[MediaRange, float]]:
    for element in _ELEMENT.findall(header):
        name, _, rest = element.strip(" \t").partition(";")
        text = "*/*" if name.rstrip(" \t") == "*" else name
        try:
            said = media_range(f"{text};{rest}")
        except ValueError:
            continue
        weight = said.parameters.get("q", "1")
        if _WEIGHT.fullmatch(weight) and float(weight) <= 1:
            names = [*said.parameters]
            kept = names[: names.index("q")] if "q" in names else names
            parameters = {each: said.parameters[each] for each in kept}
            yield MediaRange(said.type, said.subtype, parameters), float(weight)


@lru_cache(maxsize=256)
def _accept(header: bytes) -> Accept | None:
    accept = Accept(header.decode("latin-1"))
    return None if accept.says_nothing else accept


def accept_of(scope: Scope) -> Accept | None:
    """What a request's client takes; None where anything is as good."""
    headers = [value for name, value in scope["headers"] if name == b"accept"]
    if not headers or headers == [b"*/*"]:
        return None
    return _accept(b",".join(headers))


def preferred(accept: Accept | None, offers: Sequence[MediaRange]) -> int | None:
    """The place of the offer that a client likes best, the first of equals; None if it takes none.

    `offers` has at least one.
    """
    if accept is None:
        return 0
    qualities = [accept.quality(each) for each in offers]
    best = max(qualities)
    return qualities.index(best) if best > 0 else None
