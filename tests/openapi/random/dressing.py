"""A description written otherwise: the same API, said in other places of the document."""

from typing import Any

from hypothesis import strategies as st

from tests.openapi.random.values import Json

Draw = st.DrawFn

BASE = "/api/v2"
"""The path of the servers, where there are any."""


def dress(draw: Draw, document: Json) -> Json:
    """A document as it is served, of one in which everything stands at its place.

    Parts of it are components and references; parameters are of the path and not of the operation,
    or of both; servers have a path.
    """
    components: Json = {}
    dressed: Json = _hoisted(draw, document, components, "")
    if components:
        dressed["components"] = components
    [item] = dressed["paths"].values()
    [operation] = item.values()
    found = operation.get("parameters", [])
    if found and draw(st.booleans()):
        moved = found.pop(draw(st.integers(0, len(found) - 1)))
        item["parameters"] = [moved]
        if "$ref" not in moved and draw(
            st.booleans()
        ):  # one that the operation's own stands in for
            found.append(moved)
            item["parameters"] = [{"name": moved["name"], "in": moved["in"], **_OTHER}]
    if draw(st.booleans()):
        variables = {"version": {"default": "v2", "enum": ["v1", "v2"]}}
        server = {"url": "https://{version}.example.com/api/{version}/", "variables": variables}
        dressed["servers"] = draw(st.sampled_from([[{"url": BASE}], [server]]))
    return dressed


_OTHER: Json = {"required": True, "schema": {"type": "array", "items": {"type": "boolean"}}}

_SECTIONS = {"schema": "schemas", "requestBody": "requestBodies", "items": "schemas"}
"""Where what stands under a key may be kept, too."""


def _hoisted(draw: Draw, node: Any, components: Json, key: str) -> Any:  # noqa: ANN401
    """A part of the document, some of its parts made components."""
    if isinstance(node, list):
        return [_parameter(draw, each, components, key) for each in node]
    if not isinstance(node, dict) or key in ("encoding", "default"):
        return node
    if key == "properties":
        return {name: _hoisted(draw, each, components, "schema") for name, each in node.items()}
    result = {name: _hoisted(draw, each, components, name) for name, each in node.items()}
    if key in _SECTIONS and draw(st.integers(0, 4)) == 0:
        return _component(components, _SECTIONS[key], result)
    return result


def _parameter(draw: Draw, node: Any, components: Json, key: str) -> Any:  # noqa: ANN401
    hoisted = _hoisted(draw, node, components, "")
    if key == "parameters" and draw(st.integers(0, 4)) == 0:
        return _component(components, "parameters", hoisted)
    return hoisted


def _component(components: Json, section: str, node: Json) -> Json:
    kept = components.setdefault(section, {})
    name = f"{section[0].upper()}{len(kept)}"
    kept[name] = node
    return {"$ref": f"#/components/{section}/{name}"}
