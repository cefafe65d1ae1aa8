"""The parameters of a query."""

from collections.abc import Container, Iterable
from typing import Any

from starlette.types import Scope

from contract.errors import InvalidRequest, ValidationIssue
from contract.parameters.decoder import UNUSED, Decoder
from contract.parameters.ownership import Names
from contract.parameters.styles import Misfit, form_decoded

MAX_PAIRS = 100
"""As many `name=value` as a query may have."""


class Query:
    """Reads the query of one operation; a name that nobody has is an issue.

    `keys` are the names of what says who calls: they are somebody else's to read.
    """

    def __init__(self, decoders: Iterable[Decoder], keys: Container[str]) -> None:
        decoders = [*decoders]
        self._names, self._keys = Names(decoders), keys
        self._scalars = {
            each.parameter.name: (each.parameter.python_name, each.scalar)
            for each in decoders
            if each.scalar is not None
        }

    def __call__(
        self, scope: Scope, arguments: dict[str, Any], issues: list[ValidationIssue]
    ) -> None:
        """Put what was sent among the arguments.

        Raises:
            InvalidRequest: It is no query, or a very long one.
        """
        query = scope["query_string"]
        if not query:
            return
        scalars, sent = self._scalars, set[str]()
        gathered: dict[Decoder, list[tuple[str, str]]] = {}
        for pair in _pairs(query):
            name, _, text = pair.partition("=")
            try:
                if name not in scalars:
                    name = form_decoded(name)
                if name not in scalars:
                    owner = self._names.owner(name)
                    if owner is None and name not in self._keys:
                        issues.append(
                            ValidationIssue("is not a parameter here", parameter=name[:100])
                        )
                    elif owner is not None:
                        gathered.setdefault(owner, []).append((name, text))
                    continue
                python_name, value = scalars[name]
                if name in sent:
                    issues.append(ValidationIssue("is there more than once", parameter=name))
                    continue
                sent.add(name)
                arguments[python_name] = None  # which stays where it cannot be read
                arguments[python_name] = value(form_decoded(text))
            except Misfit as misfit:
                issues.append(ValidationIssue(str(misfit), parameter=name[:100]))
        for decoder, pairs in gathered.items():
            put(decoder, pairs, arguments, issues)


def put(
    decoder: Decoder,
    pairs: list[tuple[str, str]],
    arguments: dict[str, Any],
    issues: list[ValidationIssue],
) -> None:
    """Put the value of what was sent of a parameter among the arguments."""
    parameter = decoder.parameter
    try:
        value = decoder.of_pairs(pairs)
    except Misfit as misfit:
        issues.append(ValidationIssue(str(misfit), parameter=parameter.name))
        value = None
    arguments[parameter.python_name] = decoder.default if value is UNUSED else value


def _pairs(query: bytes) -> list[str]:
    if query.count(b"&") >= MAX_PAIRS or not query.isascii():
        issue = ValidationIssue(f"is not a query string in UTF-8 of at most {MAX_PAIRS} parameters")
        raise InvalidRequest("The query cannot be read.", [issue])
    return [each for each in query.decode("ascii").split("&") if each]
