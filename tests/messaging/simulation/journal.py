"""What a database has on its disk, and what a crash would undo."""

from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Journal:
    """Writes become durable in their order, all at once when the journal is written."""

    def __init__(self) -> None:
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def record(self, documents: dict[K, V], key: K) -> None:
        """The document of this key is about to be written."""
        self._undo.append((documents, key, documents.get(key)))

    def flush(self) -> None:
        """Write the journal: nothing until now can be undone any more."""
        self._undo.clear()

    def crash(self) -> None:
        """Undo what is not on the disk."""
        while self._undo:
            documents, key, before = self._undo.pop()
            if before is None:
                documents.pop(key, None)
            else:
                documents[key] = before

    def durable(self, documents: dict[K, V], key: K) -> V | None:
        """The document as it is on the disk; None where there is none."""
        for written, changed, before in self._undo:
            if written is documents and changed == key:
                return before  # type: ignore[no-any-return] # of the same dictionary
        return documents.get(key)


class Collection(Generic[K, V]):
    """Documents by key, immutable each, that a crash brings back to what is on the disk."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._documents: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """The document as everybody sees it, durable or not."""
        return self._documents.get(key)

    def durable(self, key: K) -> V | None:
        """The document as no crash can undo it."""
        return self._journal.durable(self._documents, key)

    def put(self, key: K, document: V) -> None:
        """Write a document."""
        self._journal.record(self._documents, key)
        self._documents[key] = document

    def items(self) -> list[tuple[K, V]]:
        """All, as everybody sees them, in the order of their making."""
        return list(self._documents.items())
