"""Whose is a name in a query or a cookie? Of a parameter, or of a property of one."""

from collections.abc import Iterable

from contract.parameters.decoder import Decoder
from contract.parameters.deep_objects import base_of


class Names:
    """The names that some parameters have."""

    def __init__(self, decoders: Iterable[Decoder]) -> None:
        decoders = [*decoders]
        self._exact = {name: each for each in decoders for name in each.names}
        self._deep = {each.parameter.name: each for each in decoders if each.is_deep}
        self._others = next((each for each in decoders if each.takes_others), None)

    def owner(self, name: str) -> Decoder | None:
        """The parameter of which a name speaks; an exact name goes before any other."""
        found = self._exact.get(name)
        if found is None and self._deep and (base := base_of(name)) is not None:
            found = self._deep.get(base)
        return found or self._others
