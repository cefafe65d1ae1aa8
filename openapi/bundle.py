"""A spec and the files that it refers to, as one document in which every `$ref` points into itself.

What another file holds becomes a component of the document, under its own name where that is free.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from openapi.errors import InvalidDocumentError
from openapi.files import SpecFile, SpecFiles, shown
from openapi.grammar import (
    SECTIONS,
    Version,
    children,
    has_siblings,
    is_reference,
)
from openapi.pointers import at, from_fragment, parts_of, pointer_of

Document = dict[str, Any]
"""An OpenAPI document in which every `$ref` points into itself."""

_SUPPORTED = re.compile(r"3\.[01]\.\d+(-.+)?")
_COMPONENT = re.compile(r"[A-Za-z0-9._-]+")


@dataclass
class Bundle:
    """A document, and where each part of it was read."""

    document: Document
    version: Version
    root: SpecFile
    files: SpecFiles
    origins: dict[str, tuple[SpecFile, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def place(self, pointer: str) -> str:
        """`file:line` of what a pointer into the document names, or of the nearest step to it."""
        keys = parts_of(pointer)
        for length in range(len(keys), -1, -1):
            prefix = pointer_of(*keys[:length])
            if prefix in self.origins:
                file, origin = self.origins[prefix]
                rest = pointer[len(prefix) :]
                if file.holds(origin + rest) or file is not self.root:
                    return f"{shown(file.path)}:{file.line(origin + rest)}"
        return f"{shown(self.root.path)}:{self.root.line(pointer)}"


def read_bundle(path: Path) -> Bundle:
    """Read the spec at `path`, and whatever it refers to.

    Raises:
        InvalidDocumentError: It is no OpenAPI 3.0 or 3.1, a file cannot be read, or a reference
            leads nowhere.
    """
    files = SpecFiles()
    root = files[path.resolve()]
    if not isinstance(root.value, dict):
        raise root.error(1, "is no mapping of names to values")
    return _Bundler(files, root, _version(root)).bundle()


def _version(root: SpecFile) -> Version:
    if "swagger" in root.value:
        line = root.line("/swagger")
        raise root.error(line, "is Swagger 2.0: convert it first, see docs/openapi.md")
    if "openapi" not in root.value:
        raise root.error(1, "is no OpenAPI document: it has no `openapi`; write `openapi: 3.1.0`")
    said = root.value["openapi"]
    if not isinstance(said, str) or not _SUPPORTED.fullmatch(said):
        line = root.line("/openapi")
        whole = "3.0.3" if str(said).startswith("3.0") else "3.1.0"
        raise root.error(line, f"is OpenAPI {said}: only 3.0 and 3.1 are read; write '{whole}'")
    return "3.0" if said.startswith("3.0") else "3.1"


@dataclass(frozen=True)
class _Here:
    """Where the bundler is: in which file, at which pointer of it, and where that will be."""

    file: SpecFile
    pointer: str
    target: str

    def below(self, *keys: str) -> "_Here":
        return _Here(self.file, self.pointer + pointer_of(*keys), self.target + pointer_of(*keys))

    def error(self, why: str) -> InvalidDocumentError:
        return self.file.error(self.file.line(self.pointer), why)


class _Bundler:
    def __init__(self, files: SpecFiles, root: SpecFile, version: Version) -> None:
        self._files, self._root, self._version = files, root, version
        self._adopted: dict[tuple[Path, str, str], str] = {}
        self._components: dict[str, dict[str, Any]] = {}
        self._left: deque[tuple[str, str, Any, _Here]] = deque()  # adopted, and not copied yet
        self._entered: list[tuple[Path, str]] = []  # path items that are being copied
        self._result = Bundle({}, version, root, files, {"": (root, "")})

    def bundle(self) -> Bundle:
        document = self._copy("document", self._root.value, _Here(self._root, "", ""))
        while self._left:  # one by one: a chain of references may be as long as it likes
            kind, name, found, here = self._left.popleft()
            self._components[SECTIONS[kind]][name] = self._copy(kind, found, here)
        for section, named in self._components.items():
            document.setdefault("components", {}).setdefault(section, {}).update(named)
        self._result.document = document
        return self._result

    def _copy(self, kind: str, node: Any, here: _Here) -> Any:  # noqa: ANN401 - JSON is anything
        """The object with its references turned into references within the document."""
        if is_reference(kind, node):
            if not has_siblings(kind, self._version):
                self._note_siblings(node, here)
                return self._reference(kind, node["$ref"], here)
            if kind == "pathItem":
                return self._path_item(node, here)
        if not isinstance(node, dict):
            return node
        result = {**node}
        for keys, child_kind, child in children(kind, node, self._version):
            *parents, last = keys
            parent: Any = result
            for key in parents:
                parent[key] = parent[key].copy() if parent[key] is node[key] else parent[key]
                parent = parent[key]
            copied = self._copy(child_kind, child, here.below(*keys))
            if isinstance(parent, list):
                parent[int(last)] = copied
            else:
                parent[last] = copied
        if isinstance(node.get("$ref"), str) and kind == "schema":
            result["$ref"] = self._reference(kind, node["$ref"], here)["$ref"]
        if kind == "schema" and isinstance(node.get("discriminator"), dict):
            result["discriminator"] = self._discriminator(result["discriminator"], here)
        return result

    def _discriminator(self, node: dict[str, Any], here: _Here) -> dict[str, Any]:
        """Its mapping, each value as a reference into the document."""
        mapping = node.get("mapping")
        if not isinstance(mapping, dict):
            return node
        inner = here.below("discriminator", "mapping")
        return {
            **node,
            "mapping": {
                key: self._mapped(value, inner.below(key)) for key, value in mapping.items()
            },
        }

    def _mapped(self, value: Any, here: _Here) -> Any:  # noqa: ANN401 - a spec may say anything
        if not isinstance(value, str):
            raise here.error("a mapping names a schema: write '#/components/schemas/NAME'")
        if _COMPONENT.fullmatch(value) and not value.endswith((".yaml", ".yml", ".json")):
            value = f"#/components/schemas/{value}"
        return self._reference("schema", value, here)["$ref"]

    def _note_siblings(self, node: dict[str, Any], here: _Here) -> None:
        """Note what stands beside a `$ref` and is ignored, as OpenAPI says, but for remarks."""
        instead = "write both into an `allOf`" if self._version == "3.0" else "remove it"
        for name in node:
            if not is_remark(name):
                place = f"{shown(here.file.path)}:{here.file.line(here.below(name).pointer)}"
                self._result.notes.append(
                    f"{place}: `{name}` beside `$ref` is ignored, as OpenAPI says: {instead}"
                )

    def _path_item(self, node: dict[str, Any], here: _Here) -> Any:  # noqa: ANN401
        """What a path item refers to, itself: its operations belong to the path."""
        if not all(map(is_remark, node)):
            raise here.error("a path item with `$ref` can have nothing else: move it there")
        file, pointer, found = self._find(node["$ref"], here)
        if (file.path, pointer) in self._entered:
            raise here.error(f"{node['$ref']} leads back to itself: give one of them a content")
        self._entered.append((file.path, pointer))
        self._result.origins[here.target] = (file, pointer)
        copied = self._copy("pathItem", found, _Here(file, pointer, here.target))
        self._entered.pop()
        return copied

    def _reference(self, kind: str, reference: str, here: _Here) -> dict[str, str]:
        file, pointer, found = self._find(reference, here)
        if file is self._root:
            return {"$ref": f"#{pointer}"}
        name = self._adopted.get((file.path, pointer, kind))
        if name is None:
            name = self._adopt(kind, file, pointer, found)
        return {"$ref": f"#{pointer_of('components', SECTIONS[kind], name)}"}

    def _adopt(self, kind: str, file: SpecFile, pointer: str, found: Any) -> str:  # noqa: ANN401
        """Make what another file holds a component; gives its name."""
        section = SECTIONS[kind]
        own = self._root.value.get("components", {}).get(section, {})
        taken = self._components.setdefault(section, {})
        name = next(
            each
            for each in _names(file.path, pointer)
            if each not in taken and (each not in own or self._passes_on(own[each], file, pointer))
        )
        target = pointer_of("components", section, name)
        self._adopted[file.path, pointer, kind] = name  # known from here on, should it recur
        taken[name] = None
        self._result.origins[target] = (file, pointer)
        self._left.append((kind, name, found, _Here(file, pointer, target)))
        return name

    def _passes_on(self, component: Any, file: SpecFile, pointer: str) -> bool:  # noqa: ANN401
        """Whether a component of the root is nothing but a reference to what a file holds."""
        if not isinstance(component, dict) or not isinstance(component.get("$ref"), str):
            return False
        name, _, fragment = component["$ref"].partition("#")
        target = (self._root.path.parent / name).resolve() if name else self._root.path
        return (target, from_fragment(fragment)) == (file.path, pointer)

    def _find(self, reference: str, here: _Here) -> tuple[SpecFile, str, Any]:
        """The file, pointer and value that a reference names."""
        name, _, fragment = reference.partition("#")
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:|//", name):
            raise here.error(f"{reference}: nothing is fetched: save it beside the spec")
        try:
            pointer = from_fragment(fragment)
            path = (here.file.path.parent / from_fragment(f"/{name}")[1:]).resolve()
        except ValueError as error:
            raise here.error(f"{reference}: is no JSON pointer: write #/…") from error
        if name and not path.is_file():
            raise here.error(f"{reference}: there is no such file")
        file = self._files[path] if name else here.file
        try:
            return file, pointer, at(file.value, pointer)
        except KeyError as error:
            raise here.error(f"{reference} leads nowhere in {shown(file.path)}") from error


def is_remark(name: str) -> bool:
    """Whether a field beside a `$ref` changes nothing about what is meant."""
    return name in ("$ref", "description", "summary", "title") or name.startswith("x-")


def _names(path: Path, pointer: str) -> Iterator[str]:
    """Names for what a file holds, the best first."""
    keys = parts_of(pointer)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem)
    last = re.sub(r"[^A-Za-z0-9._-]+", "_", keys[-1]) if keys else stem
    yield last
    yield f"{stem}_{last}"
    yield from (f"{stem}_{last}_{number}" for number in count(2))
