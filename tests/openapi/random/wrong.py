"""Requests that are wrong in one way, made of right ones."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tests.openapi.random.cases import Case, Trial
from tests.openapi.random.client import (
    FORM,
    PARTS,
    File,
    Request,
    request,
    style_of,
    urlencoded,
)
from tests.openapi.random.values import Json

TYPED = ("integer", "number", "boolean")
NONE_OF_THEM = "x-y"
"""What is no integer, number or boolean, and can be sent wherever one can."""


@dataclass(frozen=True)
class Wrong:
    """A wrong request, the status that it must be answered with, and what must be named."""

    what: str
    request: Request
    statuses: tuple[int, ...] = (400,)
    parameter: str | None = None
    pointer: str | None = None

    def names(self, problem: Json) -> bool:
        """Whether a problem names what is wrong, or something within it."""
        errors = problem.get("errors", [])
        if self.parameter is not None:
            return any(each.get("parameter", "").startswith(self.parameter) for each in errors)
        if self.pointer is not None:
            return any(each.get("pointer", "").startswith(self.pointer) for each in errors)
        return True


def wrongs(case: Case, trial: Trial) -> list[Wrong]:
    """Every way in which a right request is made a wrong one here."""
    return [*_parameters(case, trial), *_bodies(case, trial), *_accept(case, trial)]


def _parameters(case: Case, trial: Trial) -> Iterator[Wrong]:
    name, asked = "nobody-knows", trial.request
    query = f"{asked.query}&{name}=1" if asked.query else f"{name}=1"
    yield Wrong("a parameter that is none", replace(asked, query=query), parameter=name)
    for node in case.parameters:
        key = node["in"], node["name"]
        if node.get("required") and node["in"] != "path":
            without = {each: value for each, value in trial.sent.parameters.items() if each != key}
            yield Wrong(
                f"without {node['name']}", _asked(case, trial, without), parameter=str(node["name"])
            )
        if key not in trial.sent.parameters or "content" in node:
            continue
        value = trial.sent.parameters[key]
        for other in _of_other_types(node["schema"], value):
            changed = {**trial.sent.parameters, key: other}
            yield Wrong(
                f"{node['name']} of another type",
                _asked(case, trial, changed),
                parameter=str(node["name"]),
            )
        if node["in"] == "query" and style_of(node) == "form" and _is_plain(node["schema"]):
            own = request("/", "get", [node], None, trial.sent).query
            twice = replace(asked, query=f"{asked.query}&{own}")
            yield Wrong(f"{node['name']} twice", twice, parameter=str(node["name"]))


def _asked(case: Case, trial: Trial, parameters: Any) -> Request:  # noqa: ANN401 - by its key
    return case.request(replace(trial.sent, parameters=parameters), trial.media)


def _is_plain(schema: Json) -> bool:
    return "items" not in schema and "properties" not in schema


def _is_typed(schema: Json) -> bool:
    kind = schema["type"]
    return (kind if isinstance(kind, str) else kind[0]) in TYPED


def _of_other_types(schema: Json, value: Any) -> Iterator[Any]:  # noqa: ANN401 - any value
    """The value with one part of it that is of another type."""
    if "items" in schema:
        if _is_plain(schema["items"]) and _is_typed(schema["items"]):
            yield [*value, NONE_OF_THEM]
    elif "properties" in schema:
        for name, each in schema["properties"].items():
            if name in value and _is_plain(each) and _is_typed(each):
                yield {**value, name: NONE_OF_THEM}
    elif _is_typed(schema):
        yield NONE_OF_THEM


def _bodies(case: Case, trial: Trial) -> Iterator[Wrong]:
    said, asked, sent = case.operation.get("requestBody"), trial.request, trial.sent
    if said is None:
        return
    if said.get("required"):
        empty = replace(asked, body=b"")
        yield Wrong("no body", empty.with_header("Content-Type", None), (400, 415))
    if sent.media_type is None or trial.media is None:
        return
    if "*/*" not in said["content"]:
        other = asked.with_header("Content-Type", "application/x-nobody")
        yield Wrong("another media type", other, (415,))
    schema = trial.media.get("schema", {})
    if sent.media_type in (FORM, PARTS):
        yield from _forms(case, trial)
    elif "json" in sent.media_type:
        yield Wrong("no JSON", replace(asked, body=b'{"a": '), pointer="#")
        for path, value in _other_json(schema, sent.body, ""):
            content = json.dumps(value).encode()
            wrong = replace(asked, body=content)
            yield Wrong("JSON of another type", wrong, pointer=f"#{path}")


def _other_json(schema: Json, value: Any, path: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """JSON values with one part of it wrong, and the pointer to that."""
    if "items" in schema:
        yield path, {"not": "a list"}
        if isinstance(value, list) and value:
            for below, each in _other_json(schema["items"], value[0], f"{path}/0"):
                yield below, [each, *value[1:]]
    elif "properties" in schema:
        yield path, ["not an object"]
        if isinstance(value, dict):
            yield from _other_objects(schema, value, path)
    else:
        yield path, {"not": "plain"}


def _other_objects(schema: Json, value: Json, path: str) -> Iterator[tuple[str, Any]]:
    if schema.get("additionalProperties") is False:
        yield f"{path}/nobody-knows", {**value, "nobody-knows": 1}
    for name in schema.get("required", ()):
        yield path, {key: each for key, each in value.items() if key != name}
    for name in value.keys() & schema["properties"].keys():
        inner = schema["properties"][name]
        for below, each in _other_json(inner, value[name], f"{path}/{_fragment(name)}"):
            yield below, {**value, name: each}


def _fragment(key: str) -> str:
    """A key as a part of a JSON pointer in a URI fragment (RFC 6901, 6)."""
    return quote(key.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@")


def _forms(case: Case, trial: Trial) -> Iterator[Wrong]:
    assert trial.media is not None
    schema, value = trial.media["schema"], trial.sent.body
    name = schema["required"][0]
    without = {key: each for key, each in value.items() if key != name}
    if without:  # or it is no body at all, which may be allowed
        yield Wrong("a field is missing", _with_body(case, trial, without), pointer="#")
    if trial.sent.media_type == FORM:
        content = f"{urlencoded(trial.media, value)}&nobody-knows=1".encode()
        wrong = replace(trial.request, body=content)
        yield Wrong("a field that is none", wrong, pointer="#/nobody-knows")
    for key, inner in schema["properties"].items():
        if key not in value or isinstance(value[key], File):
            continue
        for other in _of_other_types(inner, value[key]):
            changed = _with_body(case, trial, {**value, key: other})
            yield Wrong(f"field {key} of another type", changed, pointer=f"#/{_fragment(key)}")


def _with_body(case: Case, trial: Trial, body: Json) -> Request:
    return case.request(replace(trial.sent, body=body), trial.media)


def _accept(case: Case, trial: Trial) -> Iterator[Wrong]:
    responses = case.operation["responses"]
    if all(each.get("content") for each in responses.values()) and any(
        each[0] in "2d" for each in responses
    ):
        accept = trial.request.with_header("Accept", "application/x-nobody")
        yield Wrong("nothing of what it takes", accept, (406,))
