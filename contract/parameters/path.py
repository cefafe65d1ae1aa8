"""The parameters of a path.

Routing has decoded what stands for each of them, and for one plain text that is enough. What is to
be taken apart, or is written in another style than `simple`, is read from the path as it was sent:
an encoded delimiter is none.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, pairwise
from typing import Any

from starlette.types import Scope

from contract.errors import NotFound, ValidationIssue
from contract.parameters.decoder import Decoder
from contract.parameters.styles import Misfit
from contract.paths import decoded

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def path_name(number: int) -> str:
    """What connexion calls a path's parameter: a spec's own name may be no name to it."""
    return f"p{number}"


class Path:
    """Reads the parameters of one path."""

    def __init__(self, path: str, decoders: Iterable[Decoder]) -> None:
        self._plain: list[tuple[str, str, Callable[[str], Any]]] = []
        self._segments: list[tuple[int, Segment]] = []
        numbers = count()
        for place, segment in enumerate(segments(path, decoders)):
            keys = [path_name(next(numbers)) for _ in segment.decoders]
            scalars = [each.scalar for each in segment.decoders if each.scalar is not None]
            if len(scalars) == len(keys):
                names = [each.parameter.python_name for each in segment.decoders]
                self._plain += zip(keys, names, scalars, strict=True)
            else:
                self._segments.append((place, segment))

    def __call__(
        self, scope: Scope, arguments: dict[str, Any], issues: list[ValidationIssue]
    ) -> None:
        """Put what was sent among the arguments."""
        sent = scope["path_params"]
        for key, python_name, value in self._plain:
            arguments[python_name] = value(sent[key])
        if self._segments:
            raw = scope["raw_path"].decode("latin-1").split("/")
            for place, segment in self._segments:
                for decoder, text in segment.taken_apart(raw[place]):
                    parameter = decoder.parameter
                    arguments[parameter.python_name] = None
                    try:
                        arguments[parameter.python_name] = decoder.of_texts([text])
                    except Misfit as misfit:
                        issues.append(ValidationIssue(str(misfit), parameter=parameter.name))


class Segment:
    """A part of a path between two slashes, and the parameters in it."""

    def __init__(self, template: str, decoders: Mapping[str, Decoder]) -> None:
        parts = _PARAMETER.split(template)
        self.decoders = [decoders[name] for name in parts[1::2]]
        self._literals = parts[::2]
        followers = (*self.decoders[1:], None)
        self._pattern = self._joined([*map(_pattern_of, self.decoders, followers)])
        self._routed = self._joined(["(.+)"] * len(self.decoders))

    def taken_apart(self, raw: str) -> list[tuple[Decoder, str]]:
        """What stands for each parameter; as it was routed, where their styles do not match.

        Raises:
            NotFound: It is another part of a path.
        """
        match = self._pattern.fullmatch(raw) or self._routed.fullmatch(raw)
        if match is None:
            raise NotFound("There is nothing at this path.")
        return [*zip(self.decoders, match.groups(), strict=True)]

    def indistinct(self) -> Iterator[tuple[Decoder, Decoder]]:
        """Neighbours of which nobody can say where the first ends."""
        between = self._literals[1:-1]
        for literal, (one, next_one) in zip(between, pairwise(self.decoders), strict=True):
            styles = one.parameter.style, next_one.parameter.style
            runs_on = styles[0] == styles[1] and one.takes_many and next_one.takes_many
            if not literal and (styles[1] == "simple" or runs_on):
                yield one, next_one

    def _joined(self, groups: list[str]) -> re.Pattern[str]:
        literals = [_in_any_spelling(decoded(each)) for each in self._literals]
        pairs = zip(literals, groups, strict=False)
        return re.compile("".join(f"{a}{b}" for a, b in pairs) + literals[-1], re.DOTALL)


def segments(path: str, decoders: Iterable[Decoder]) -> list[Segment]:
    """The parts of a path."""
    by_name = {each.parameter.name: each for each in decoders}
    return [Segment(each, by_name) for each in path.split("/")]


def _pattern_of(decoder: Decoder, follower: Decoder | None) -> str:
    """What a parameter may look like in its style, with another one behind it."""
    parameter = decoder.parameter
    if parameter.style == "label":
        return r"(\..*)"
    if parameter.style != "matrix":
        has_many = follower is not None and follower.takes_many
        return "(.+?)" if has_many else "(.+)"
    name = "[^;=]+" if decoder.takes_names else _in_any_spelling(parameter.name)
    times = "+" if decoder.takes_many else ""
    return f"((?:;{name}(?:=[^;]*)?){times})"


def _in_any_spelling(text: str) -> str:
    """A pattern for a text, each octet of which may be percent-encoded or not."""
    return "".join(
        f"(?:{re.escape(chr(each))}|%{_in_any_case(each >> 4)}{_in_any_case(each & 15)})"
        for each in text.encode()
    )


def _in_any_case(digit: int) -> str:
    return f"[{digit:x}{digit:X}]"
