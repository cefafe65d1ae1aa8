"""Which processes a saved file concerns."""

from collections.abc import Collection, Iterator
from pathlib import Path

from openapi.reading import load_description
from services.declaration import System
from services.reading import SPECS

FOLDERS = (
    *("contract", "handlers", "health", "messaging", "migrations", "models", "observability"),
    *("openapi", "processes", "services", "settings", SPECS, "storage", "tracing"),
)
"""What our processes consist of."""


class Concerns:
    """By the specs as they were when they could last be read."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.read()

    def read(self) -> None:
        """Learn again which files the specs consist of; raises InvalidDocumentError."""
        # Files, and the only processes that they concern.
        self._owned = [*self._specs(), *self._modules()]

    def of(self, saved: Collection[Path]) -> list[str]:
        """The processes that the files concern, in the order of their start."""
        found = {
            process
            for files, processes in self._owned
            if not files.isdisjoint(saved)
            for process in processes
        }
        everything = any(map(self._is_common, saved))
        return [each for each in self._system.ports if everything or each in found]

    def reloadable(self, saved: Collection[Path], processes: Collection[str]) -> list[str]:
        """Those of the processes that gunicorn can reload: it has not loaded the files itself."""
        if any(map(self._is_common, saved)):
            return []
        return [each for each in processes if each in self._system.http]

    def are_specs(self, saved: Collection[Path]) -> bool:
        """Whether some of the files are specs."""
        return any(each.is_relative_to(self._system.root / SPECS) for each in saved)

    def _is_common(self, file: Path) -> bool:
        """Whether it is code of all processes."""
        return file.suffix == ".py" and not any(file in files for files, _ in self._owned)

    def _specs(self) -> Iterator[tuple[frozenset[Path], Collection[str]]]:
        common = self._system.events
        events = load_description(common).files if common else frozenset()
        for service in self._system:
            of_events = tuple(each.process for each in service.event_processes)
            for version in service.versions:
                files = load_description(service.spec, version.overlay).files
                yield files | {*version.overlays}, (version.process, *of_events)
            if of_events:
                yield events, (*service.processes, *of_events)

    def _modules(self) -> Iterator[tuple[frozenset[Path], Collection[str]]]:
        for service in self._system:
            names = filter(None, (service.handlers, service.composition))
            files = {self._system.root / f"{name.replace('.', '/')}.py" for name in names}
            yield frozenset(files), service.processes
        # What `make generate` writes for the type check.
        yield frozenset({self._system.root / "handlers" / "signatures.py"}), ()
