"""Does one description of an API break clients of another? `redocly diff` says, and two rules more.

The rules are of the wire, in both directions: a request that was accepted stays accepted, an answer
holds nothing that clients were told they would not meet. An `operationId` counts too, for it is the
name of a method in the SDKs.
"""

import json
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

from generate.node import NodeError, node_command, run_tool
from openapi.bundle import Document
from openapi.grammar import METHODS
from openapi.pointers import resolve

_FOUND_OR_NOT = (0, 1)
"""Its exit codes when it could compare."""

_KEPT = ("default", "x-unique-as")
"""What requests mean, or may be, depends on it; to redocly it is a remark."""

_REMARKS = {"description", "title", "example", "default", "deprecated", "externalDocs"}
_LIMITS = {"minLength", "maxLength", "pattern", "format", "minimum", "maximum"}


def breaking_changes(root: Path, before: Document, after: Document) -> list[str]:
    """What breaks clients of `before` when they meet `after`, each as one line with its place.

    Args:
        root: The repository, whose npm packages have the tool.
        before: A whole document.
        after: Another.

    Raises:
        NodeError: The tool is not there, or cannot read one of them.
    """
    lines = []
    for change in _changes(root, _plain(before), _plain(after)):
        place = (change.get("base") or change.get("revision") or {}).get("pointer", change["path"])
        messages = [
            each["message"] for each in change.get("verdicts", []) if each["impact"] == "major"
        ]
        if not messages and _is_kept(change):
            was, now = (change.get(side, {}).get("value") for side in ("base", "revision"))
            messages = [f"`{change['property']}` changed from {was!r} to {now!r}."]
        lines += [f"{place}: {message}" for message in messages]
    return sorted(set(lines))


def _changes(root: Path, before: Document, after: Document) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        for name, document in (("before", before), ("after", after)):
            Path(folder, f"{name}.json").write_text(json.dumps(document), "utf-8")
        command = node_command(root, "redocly", "diff", "before.json", "after.json")
        done = run_tool([*command, "--format=json"], Path(folder))
    try:
        if done.returncode in _FOUND_OR_NOT:
            changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
            return changes
    except (ValueError, KeyError):
        pass
    raise NodeError(f"`redocly diff` failed: {(done.stderr or done.stdout).strip()}")


def _is_kept(change: dict[str, Any]) -> bool:
    """Whether a remark to redocly is a break to us: one that is gone, or that is new and binds."""
    name = change.get("property")
    if name == "default":
        return change.get("base", {}).get("value") is not None
    return name in _KEPT and change.get("revision", {}).get("value") is not None


def _plain(document: Document) -> Document:
    """The document in one way of writing, where OpenAPI has two for the same."""
    document = deepcopy(document)
    if all(each["url"] == "/" for each in document.get("servers", [])):
        document.pop("servers", None)  # it is what goes without saying
    for item in document["paths"].values():
        shared = item.pop("parameters", [])
        for method in METHODS:
            if method in item:
                _give(item[method], shared, document)
    plain: Document = _schemas(document, document)
    return plain


def _give(operation: dict[str, Any], shared: list[Any], document: Document) -> None:
    """Parameters of the path are those of its operations, where they have none of the name."""
    own = operation.get("parameters", [])
    known = {(each["in"], each["name"]) for each in (resolve(document, one) for one in own)}
    given = [(resolve(document, each), each) for each in shared]
    added = [each for whole, each in given if (whole["in"], whole["name"]) not in known]
    if own or added:
        operation["parameters"] = [*added, *own]


def _schemas(node: Any, document: Document, within: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401 - JSON is anything
    """`allOf` is the one schema that it amounts to; limits say nothing beside an `enum`.

    `within` are the references that were followed to get here: what refers to itself stays so.
    """
    if isinstance(node, list):
        return [_schemas(each, document, within) for each in node]
    if not isinstance(node, dict):
        return node
    parts = node.get("allOf")
    if isinstance(parts, list):
        followed = {each["$ref"] for each in parts if "$ref" in each}
        beside = {key: value for key, value in node.items() if key != "allOf"}
        whole = _whole([*(resolve(document, each) for each in parts), beside])
        if whole is not None and not followed & within:
            return _schemas(whole, document, within | followed)
    if isinstance(node.get("enum"), list):
        node = {key: value for key, value in node.items() if key not in _LIMITS}
    return {key: _schemas(value, document, within) for key, value in node.items()}


def _whole(parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """One schema that says what all of `parts` say, None where that takes more than joining."""
    whole: dict[str, Any] = {}
    for part in parts:
        if "nullable" in part:
            return None
        closed = "additionalProperties" in whole or "additionalProperties" in part
        if closed and "properties" in whole and "properties" in part:
            return None
        for key, value in part.items():
            if key == "required" and key in whole:
                whole[key] = [*whole[key], *(each for each in value if each not in whole[key])]
            elif key == "properties" and key in whole:
                whole[key] = _joined(whole[key], value)
            elif key not in whole or key in _REMARKS or whole[key] == value:
                whole[key] = value
            else:
                return None
    return whole


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
    return one | other | both
