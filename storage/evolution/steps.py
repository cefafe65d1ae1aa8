"""A migration, by its name, as the set-up and the processes know it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.evolution.changes import Change, Drop, Rename, Rewrite, Split, Transform
from storage.evolution.layers import DropLayer, Layer, Phase, RenameLayer, TransformLayer
from storage.evolution.splitting import SplitLayer

FIRST = "0000"
"""The number of the migrations that storage brings along, and no file has."""


@dataclass(frozen=True)
class Step:
    """A migration by the name of its file, and the changes of a collection of a database."""

    name: str
    collection: str
    changes: tuple[Change, ...]

    @property
    def needs_quiet(self) -> bool:
        """Whether no process may run meanwhile."""
        return any(isinstance(each, Rewrite) for each in self.changes)

    def layers(self, phases: Mapping[str, Phase]) -> Iterator[Layer]:
        """A layer for each change; `phases` is by migration, and may change."""
        for change in self.changes:
            match change:
                case Rename():
                    yield RenameLayer(phases, self.name, change)
                case Split():
                    yield SplitLayer(phases, self.name, change)
                case Drop():
                    yield DropLayer(phases, self.name, change)
                case Transform():
                    yield TransformLayer(phases, self.name, change)
