"""The ETags of documents, and what `If-Match` and `If-None-Match` demand of one that is changed."""

import re
from collections.abc import Sequence

from contract.answers.returned import Tagged
from contract.conditions import ANY, Conditions
from storage.client import Json
from storage.codec import Codec
from storage.system_fields import SYSTEM, name_of

_NOTHING: Json = {"$nor": [{}]}
_ETAG = re.compile(r'"((?:0|[1-9]\d{0,17})(?:-(?:0|[1-9]\d{0,17}))*)"')

_State = tuple[int, ...]


class Etags:
    """What tells the states of a collection's documents apart: some counters of storage's own.

    The ETag has their values: `"4-2"`. A counter that a document lacks is 0.
    """

    def __init__(self, *counters: str, compared: Sequence[str] = ()) -> None:
        """Take the paths of the counters, and of those that matter to a change: all by default."""
        self._counters, self._compared = counters, compared or counters
        self._places = [counters.index(each) for each in self._compared]

    def of(self, document: Json) -> str:
        """The ETag of a document."""
        return f'"{"-".join(map(str, self._state(document)))}"'

    def tagged(self, document: Json, codec: Codec) -> Tagged:
        """What a document is on the wire, with its ETag. Changes `document`."""
        etag = self.of(document)
        return Tagged(codec.to_wire(document), etag)

    def query(self, demanded: Conditions) -> Json:
        """What must hold of a document that may be changed."""
        parts = []
        if demanded.if_match is not None and ANY not in demanded.if_match:
            alternatives = [*map(self._query, self._named(demanded.if_match))]
            parts.append({"$or": alternatives} if alternatives else _NOTHING)
        if demanded.if_none_match is not None and ANY in demanded.if_none_match:
            parts.append(_NOTHING)
        elif demanded.if_none_match:
            parts += [{"$nor": [self._query(each)]} for each in self._named(demanded.if_none_match)]
        return {"$and": parts} if parts else {}

    def admit(self, demanded: Conditions, document: Json) -> bool:
        """Whether that holds of a document that was read."""
        state = self._state(document)
        if demanded.if_match is not None and not self._is_among(demanded.if_match, state):
            return False
        return not self._is_among(demanded.if_none_match or (), state)

    def _is_among(self, tags: Sequence[str], state: _State) -> bool:
        compared = tuple(state[place] for place in self._places)
        return ANY in tags or compared in self._named(tags)

    def _state(self, document: Json) -> _State:
        own = document.get(SYSTEM, {})
        return tuple(int(own.get(name_of(path), 0)) for path in self._counters)

    def _named(self, tags: Sequence[str]) -> list[_State]:
        """What the compared counters are in the states that ETags name; others name none."""
        found = []
        for each in tags:
            matched = _ETAG.fullmatch(each)
            values = [int(value) for value in matched[1].split("-")] if matched else []
            if len(values) == len(self._counters):
                found.append(tuple(values[place] for place in self._places))
        return found

    def _query(self, state: _State) -> Json:
        return {
            path: {"$in": [value, None]} if value == 0 else value
            for path, value in zip(self._compared, state, strict=True)
        }
