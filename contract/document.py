"""An API description as one plain document: files brought together, an overlay laid over."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonpath import JSONPathMatch, finditer

from contract.yaml_files import UnreadableFileError, escaped, place, read_yaml, shown

Document = dict[str, Any]
"""An OpenAPI 3.0 document in which every `$ref` points into itself."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class InvalidDocumentError(Exception):
    """A spec file cannot be used; the message is one line: `file:line: why`."""


@dataclass(frozen=True)
class Operation:
    """One operation as the document has it: `method` in capitals, `definition` with its `$ref`s."""

    id: str
    method: str
    path: str
    definition: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of the JSON body, None where the operation takes none."""
        body = self.definition.get("requestBody")
        return body["content"]["application/json"]["schema"] if body else None

    @property
    def body_example(self) -> dict[str, Any]:
        """The JSON body that the spec gives as the example of a request that has one."""
        example: dict[str, Any] = self.definition["requestBody"]["content"]["application/json"][
            "example"
        ]
        return example

    @property
    def internal(self) -> bool:
        """Whether the gateway must not route it."""
        return bool(self.definition.get("x-internal", False))


def load_document(path: Path, overlay: Path | None = None) -> Document:
    """Read the spec at `path`, with the files it refers to, and lay `overlay` over it.

    Raises:
        InvalidDocumentError: A file is missing or no YAML, a reference leads nowhere, two files
            mean different things by one name, or a target of the overlay does not exist.
    """
    document = _Bundle(path).document
    if overlay is not None:
        _apply(overlay, document)
    return document


def operations(document: Document) -> Iterator[Operation]:
    """Every operation of the document, in its order."""
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                definition = item[method]
                parameters = [
                    resolve(document, each) for each in (*shared, *definition.get("parameters", []))
                ]
                yield Operation(
                    definition["operationId"], method.upper(), path, definition, tuple(parameters)
                )


def resolve(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    """The thing itself where `node` is a reference to it, else `node`."""
    while "$ref" in node:
        node = at(document, node["$ref"].removeprefix("#"))
    return node


class _Bundle:
    """Copies what a root file refers to in other files to the same place in the root."""

    def __init__(self, path: Path) -> None:
        self._files: dict[Path, Any] = {}
        self._path = path.resolve()
        self._adopted: dict[str, tuple[Path, Any]] = {}
        root = self._read(self._path)
        if not isinstance(root, dict):
            raise InvalidDocumentError(f"{place(path)}: is no mapping of names to values")
        self.document: Document = self._walk(root, self._path, "")
        for pointer, (file, node) in self._adopted.items():
            *parents, last = pointer.strip("/").split("/")
            parent = self.document
            for part in parents:
                parent = parent.setdefault(part, {})
            if last in parent:
                raise _AmbiguousError(path, pointer, pointer, file)
            parent[last] = node

    def _read(self, path: Path) -> Any:  # noqa: ANN401 - YAML is anything
        if path not in self._files:
            self._files[path] = _read(path)
        return self._files[path]

    def _walk(self, node: Any, file: Path, here: str) -> Any:  # noqa: ANN401 - YAML is anything
        if isinstance(node, list):
            return [self._walk(each, file, f"{here}/{k}") for k, each in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return self._reference(node["$ref"], file, here)
        return {key: self._walk(each, file, f"{here}/{escaped(key)}") for key, each in node.items()}

    def _reference(self, reference: str, file: Path, here: str) -> Any:  # noqa: ANN401
        name, _, pointer = reference.partition("#")
        target = (file.parent / name).resolve() if name else file
        if not target.exists():
            raise InvalidDocumentError(f"{place(file, here)}: {reference}: there is no such file")
        try:
            found = at(self._read(target), pointer)
        except KeyError as error:
            raise InvalidDocumentError(f"{place(file, here)}: {reference} leads nowhere") from error
        if target == self._path:
            return {"$ref": f"#{pointer}"}
        if pointer == here:  # a component that only passes on the one of the same name
            return self._walk(found, target, here)
        if pointer not in self._adopted:
            self._adopted[pointer] = (target, None)  # known from here on, should it refer to itself
            self._adopted[pointer] = (target, self._walk(found, target, pointer))
        elif self._adopted[pointer][0] != target:
            raise _AmbiguousError(file, here, pointer, target)
        return {"$ref": f"#{pointer}"}


class _AmbiguousError(InvalidDocumentError):
    def __init__(self, file: Path, here: str, pointer: str, other: Path) -> None:
        super().__init__(f"{place(file, here)}: {pointer} means another thing in {shown(other)}")


def _read(path: Path) -> Any:  # noqa: ANN401 - YAML is anything
    try:
        return read_yaml(path)
    except UnreadableFileError as error:
        raise InvalidDocumentError(str(error)) from error


def at(document: Any, pointer: str) -> Any:  # noqa: ANN401 - YAML is anything
    """What `pointer` names; raises KeyError where it leads nowhere."""
    for part in pointer.strip("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(document, dict) or key not in document:
            raise KeyError(pointer)
        document = document[key]
    return document


def _apply(overlay: Path, document: Document) -> None:
    """OpenAPI Overlay 1.0: each action's update is merged into what its target finds."""
    for number, action in enumerate(_read(overlay)["actions"]):
        matches: list[JSONPathMatch] = list(finditer(action["target"], document))
        if not matches:
            here = place(overlay, f"/actions/{number}/target")
            raise InvalidDocumentError(f"{here}: {action['target']} finds nothing")
        for match in matches:
            _merge(match.obj, action["update"])


def _merge(target: Any, update: dict[str, Any]) -> None:  # noqa: ANN401 - JSON is anything
    for key, value in update.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        elif isinstance(value, list) and isinstance(target.get(key), list):
            target[key].extend(deepcopy(value))
        else:
            target[key] = deepcopy(value)
