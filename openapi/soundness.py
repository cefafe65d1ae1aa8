"""Can everything be made from a document? If not, each reason, with its file and line."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from openapi.bundle import Bundle, Document
from openapi.deprecation import deprecation_violations
from openapi.errors import Violation, refuse
from openapi.grammar import (
    METHODS,
    SECTIONS,
    Node,
    Version,
    fields,
    has_siblings,
    is_extension,
    is_reference,
    walk,
)
from openapi.pointers import at, from_fragment, pointer_of, resolve
from openapi.security import requirement_violations
from openapi.servers import server_violations
from openapi.structure import details, structure

_ALTERNATIVES = {
    "$id": "refer to `#/components/schemas/NAME` instead",
    "$anchor": "refer to `#/components/schemas/NAME` instead",
    "$dynamicRef": "use `$ref`",
    "$dynamicAnchor": "use `$ref`",
}
"""What to write instead of a field that is not understood."""

_ANNOTATIONS = ("title", "description", "example", "examples", "deprecated", "$comment")
"""Keywords of a schema without which it lets through the same."""


def require_sound(bundle: Bundle) -> None:
    """Raise for what makes a document unusable.

    Raises:
        InvalidDocumentError: There is something.
    """
    for check in _CHECKS:  # each may rely on what those before it have found to be so
        refuse(check(bundle), bundle.place)


def _fields(bundle: Bundle) -> Iterator[Violation]:
    """Fields that are not among those that OpenAPI knows."""
    for node in walk(bundle.document, bundle.version):
        if isinstance(node.value, dict) and node.kind not in ("paths", "responses", "callback"):
            reference = is_reference(node.kind, node.value)
            if not reference or has_siblings(node.kind, bundle.version):
                yield from _unknown(node, bundle.version)


def _unknown(node: Node, version: Version) -> Iterator[Violation]:
    known = fields(node.kind, version)
    for name in node.value:
        if name in known or is_extension(name):
            continue
        here = node.pointer + pointer_of(name)
        may_have_others = version == "3.1" and node.kind == "schema"
        alike = get_close_matches(name, known, 1, 0.8 if may_have_others else 0.6)
        if name == "$ref" and node.kind in SECTIONS:
            yield here, "`$ref` must be a text: write '#/components/…'"
        elif version == "3.0" and name in fields(node.kind, "3.1"):
            yield here, f"`{name}` is of OpenAPI 3.1: write `openapi: 3.1.0` at the top"
        elif node.kind == "schema" and name in _ALTERNATIVES:
            yield here, f"`{name}` is not understood: {_ALTERNATIVES[name]}"
        elif alike and not (may_have_others and alike[0] in _ANNOTATIONS):
            yield here, f"{_a(node)} has no `{name}`: write `{alike[0]}`, or remove it"
        elif may_have_others:
            continue  # it changes nothing, as JSON Schema says, and there is a note of it
        elif name == "$ref":
            yield here, f"{_a(node)} cannot be a `$ref`: write here what that file holds"
        else:
            yield here, f"{_a(node)} has no `{name}`: remove it, or call it `x-{name}`"


def _a(node: Node) -> str:
    if node.kind.endswith("s"):
        return f"`{node.kind}`"
    return f"{'an' if node.kind[0] in 'aeio' else 'a'} {node.kind}"


def _references(bundle: Bundle) -> Iterator[Violation]:
    """References that lead to another kind of object, and such that lead back to themselves."""
    nodes = [*walk(bundle.document, bundle.version)]
    kinds: dict[str, set[str]] = {}
    for node in nodes:
        kinds.setdefault(node.pointer, set()).add(node.kind)
    circles, ends = False, set[int]()
    for node in nodes:
        if node.kind == "discriminator":
            for name, reference in node.value.get("mapping", {}).items():
                if "schema" not in kinds.get(from_fragment(reference.removeprefix("#")), ()):
                    yield f"{node.pointer}/mapping{pointer_of(name)}", f"{reference} is no schema"
        if not is_reference(node.kind, node.value) or node.kind == "pathItem":
            continue
        here, reference = f"{node.pointer}/$ref", node.value["$ref"]
        target = from_fragment(reference.removeprefix("#"))
        if node.kind not in kinds.get(target, ()):
            found = " or ".join(sorted(kinds.get(target, {"no object of OpenAPI"})))
            yield here, f"{reference} leads to {found}, and a {node.kind} is needed"
        elif not circles and _is_endless(bundle.document, node.value, (), ends):
            circles = True  # of one circle, one place is enough
            yield here, f"{reference} leads back to itself: give one of them a content"


def _is_endless(document: Document, node: Any, above: tuple[int, ...], ends: set[int]) -> bool:  # noqa: ANN401
    """Whether what a schema (or another object) is depends on nothing but itself.

    Args:
        document: Where references lead.
        node: The object.
        above: What depends on it.
        ends: Objects that are known to end; what is found to is added.
    """
    if not isinstance(node, dict) or id(node) in ends:
        return False
    if id(node) in above:
        return True
    above = (*above, id(node))
    nested = [each for key in ("allOf", "anyOf", "oneOf") for each in node.get(key, [])]
    nested += [node[key] for key in ("not", "if", "then", "else") if key in node]
    if isinstance(node.get("$ref"), str):
        nested.append(at(document, from_fragment(node["$ref"].removeprefix("#"))))
    if any(_is_endless(document, each, above, ends) for each in nested):
        return True
    ends.add(id(node))
    return False


def _operations(document: Document) -> Iterator[tuple[str, str, str, Any, Any]]:
    """Path, method, pointer, operation, path item."""
    for path, item in document.get("paths", {}).items():
        if not is_extension(path):
            for method in METHODS:
                if method in item:
                    yield path, method, pointer_of("paths", path, method), item[method], item


def _operation_ids(bundle: Bundle) -> Iterator[Violation]:
    seen: dict[str, str] = {}
    for path, method, here, node, _ in _operations(bundle.document):
        said, what = node.get("operationId"), f"{method.upper()} {path}"
        if said in seen:
            yield (
                f"{here}/operationId",
                f"{what} is `{said}` as {seen[said]} is: give it another operationId",
            )
        if said:
            seen[said] = what


def _paths(bundle: Bundle) -> Iterator[Violation]:
    """Paths that no request can have."""
    for path in bundle.document.get("paths", {}):
        if is_extension(path):
            continue
        here = pointer_of("paths", path)
        if re.search(r"[{}]", re.sub(r"\{[^{}]+\}", "", path)):
            yield here, f"{path} has a brace that stands alone: write {{NAME}}"
        names = re.findall(r"\{([^{}]*)\}", path)
        if len({*names}) != len(names):
            yield here, f"{path} has a parameter twice: give them two names"
        if re.search(r"[?#]", path):
            yield here, f"{path} has a query or a fragment: declare its parameters `in: query`"
    yield from server_violations(bundle.document)


def _the_same(bundle: Bundle) -> Iterator[Violation]:
    """Operations that the same requests would mean, whatever the paths call their parameters."""
    seen: dict[tuple[str, str], str] = {}
    for path, method, here, _, _ in _operations(bundle.document):
        key = method, re.sub(r"\{[^{}]*\}", "{}", path)
        if key in seen:
            yield here, f"{method.upper()} {path} is the same as that of {seen[key]}: remove one"
        seen[key] = path


def _parameters(bundle: Bundle) -> Iterator[Violation]:
    """Path parameters and the braces of the path; parameters that are there twice."""
    for path, _, here, node, item in _operations(bundle.document):
        above = here.rpartition("/")[0]
        declared: dict[str, str] = {}
        for owner, pointer in ((item, above), (node, here)):
            seen = set()
            for number, each in enumerate(owner.get("parameters", [])):
                place = f"{pointer}/parameters/{number}"
                parameter = resolve(bundle.document, each)
                key = parameter["in"], parameter["name"]
                if key in seen:
                    yield place, f"{parameter['in']} parameter {parameter['name']} is there twice"
                seen.add(key)
                if parameter["in"] == "path":
                    declared[parameter["name"]] = place
        for name in re.findall(r"\{([^{}]*)\}", path):
            if declared.pop(name, None) is None:
                yield here, f"{path} has {{{name}}}, and no `in: path` parameter {name} is declared"
        for name, place in declared.items():
            yield place, f"path parameter {name} is not in {path}: write {{{name}}}, or remove it"


def is_ignored_parameter(location: str, name: str) -> bool:
    """Whether OpenAPI says that a parameter is ignored: other fields describe these headers."""
    return location == "header" and name.lower() in ("accept", "content-type", "authorization")


def _media(bundle: Bundle) -> Iterator[Violation]:
    """Parameters and headers have a schema or one media type."""
    for node in walk(bundle.document, bundle.version):
        if node.kind in ("parameter", "header") and not is_reference(node.kind, node.value):
            if ("schema" in node.value) == ("content" in node.value):
                yield node.pointer, f"a {node.kind} has either `schema` or `content`"
            elif len(node.value.get("content", {"": None})) != 1:
                yield f"{node.pointer}/content", "must have exactly one media type here"


_CHECKS: tuple[Callable[[Bundle], Iterator[Violation]], ...] = (
    _fields,
    details,
    structure,
    _references,
    _media,
    _paths,
    _the_same,
    _operation_ids,
    _parameters,
    requirement_violations,
    deprecation_violations,
)
