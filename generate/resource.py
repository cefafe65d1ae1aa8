"""The plain operations of a resource over the collection that holds it: what their handlers say.

They are list, create, get, replace, merge patch and delete, as REST has them. What is not quite one
of these, or belongs to a service that composes what its handlers are given, is written by hand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openapi.description import Description, JsonSchema, MediaType, Operation, name_of
from openapi.names import attribute_names, identifier
from openapi.schemas import value_type
from openapi.views import composed, properties_of
from services.declaration import Collection, Service
from storage.entity import Entity
from storage.keys import Keys

_JSON = "application/json"
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Plain:
    """The handler of a plain operation: what it takes beside the request, its type, its lines."""

    takes: str
    result: str
    lines: tuple[str, ...]
    imports: frozenset[str]


def plain(service: Service, description: Description) -> Mapping[str, Plain]:
    """The handlers of the plain operations of a service, by the operations' ids."""
    if service.composition:
        return {}
    return {
        operation.id: handler
        for collection in service.collections
        for item in _items(description, collection)
        for operation, handler in _Resource(service.api, description, collection, item).handlers()
    }


def _items(description: Description, collection: Collection) -> Iterator[Operation]:
    """The operation that gets one document of a collection."""
    for each in description.operations:
        parameters = [(one.location, f"{{{one.name}}}") for one in each.arguments]
        last = each.template.rstrip("/").rpartition("/")[2]
        is_one = each.method == "GET" and parameters == [("path", last)]
        response = each.responses.get("200")
        if is_one and response and _names(response.content.get(_JSON), collection):
            yield each


@dataclass(frozen=True)
class _Resource:
    """A collection, and the operation `item` that gets one document of it."""

    api: str
    description: Description
    collection: Collection
    item: Operation

    def handlers(self) -> Iterator[tuple[Operation, Plain]]:
        """Those of the operations at the paths of one and of all documents."""
        at_one = self.item.template.rstrip("/")
        at_all = at_one.rpartition("/")[0]
        makers = {
            ("GET", at_one): self._get,
            ("PUT", at_one): self._replace,
            ("PATCH", at_one): self._merge,
            ("DELETE", at_one): self._delete,
            ("GET", at_all): self._list,
            ("POST", at_all): self._create,
        }
        for operation in self.description.operations:
            make = makers.get((operation.method, operation.template.rstrip("/")))
            handler = make and self._has_key(operation) and make(operation)
            if handler:
                yield operation, handler

    def _has_key(self, operation: Operation) -> bool:
        """Whether what its path has of a document is of the key's type."""
        schemas = self.description.schemas
        key = properties_of(self.description, self.collection.schema).get(self.collection.key, {})
        kinds = {
            value_type(each.schema, schemas)
            for each in operation.arguments
            if each.location == "path"
        }
        return kinds <= {value_type(key, schemas)}

    @property
    def _documents(self) -> str:
        return identifier(self.collection.name)

    @property
    def _id(self) -> str:
        return self.item.arguments[0].python_name

    def _get(self, operation: Operation) -> Plain | None:
        if not self._answers(operation, "200", parameters=1):
            return None
        return self._plain("Json", f"return await {self._documents}.get({self._id})")

    def _replace(self, operation: Operation) -> Plain | None:
        if not self._is_whole(operation, "200", parameters=1):
            return None
        return self._plain("Json", f"return await {self._documents}.replace({self._id}, body)")

    def _merge(self, operation: Operation) -> Plain | None:
        body = operation.body
        if body is None or not body.required or [*body.content] != [_MERGE_PATCH]:
            return None
        kind = value_type(body.content[_MERGE_PATCH].schema, self.description.schemas)
        if kind != "object" or not self._answers(operation, "200", parameters=1):
            return None
        return self._plain("Json", f"return await {self._documents}.merge({self._id}, body)")

    def _delete(self, operation: Operation) -> Plain | None:
        success = {each for each in operation.responses if each.startswith("2")}
        if success != {"204"} or len(operation.arguments) > 1 or operation.body:
            return None
        return self._plain("None", f"await {self._documents}.delete({self._id})")

    def _create(self, operation: Operation) -> Plain | None:
        if not (self._is_whole(operation, "201", parameters=0) and self._has_id(operation)):
            return None
        create = f"await {self._documents}.create(body)"
        if "Location" not in operation.responses["201"].headers:
            return self._plain("Json", f"return {create}")
        made = f"document[{self._field(self.collection.key)}]"
        where = f'{{"Location": link("{self.item.id}", {self._id}={made})}}'
        lines = (f"document = {create}", f"return Answer(document, 201, {where})")
        return self._plain("Answer[Json]", *lines)

    def _list(self, operation: Operation) -> Plain | None:
        given = {each.name: each.python_name for each in operation.arguments}
        filters = [name for name in given if name not in ("limit", "cursor")]
        content = _content(operation, "200")
        is_page = (
            {"limit", "cursor"} <= given.keys()
            and {*filters} <= {*self.collection.filters}
            and content is not None
            and _is(self.description.resolve(content.schema).get("items"), self.collection)
            and "Link" in operation.responses["200"].headers
        )
        if not is_page:
            return None
        chosen = ", ".join(f"{self._field(name)}: {given[name]}" for name in filters)
        limits = f", **{{{chosen}}}" if chosen else ""
        sent = "".join(f", {each}={each}" for each in given.values() if each != "cursor")
        found = f"await {self._documents}.page(limit, cursor{limits})"
        result = "list[Json] | Answer[list[Json]]"
        return self._plain(result, f'return paged({found}, link, "{operation.id}"{sent})')

    def _plain(self, result: str, *lines: str) -> Plain:
        words = {*re.findall(r"\w+", " ".join((result, *lines)))}
        model = self.description.class_names[self.collection.schema]
        needed = {
            "Json": ["from storage.client import Json"],
            "Answer": ["from contract.answers.returned import Answer"],
            "link": ["from contract.links import Links"],
            "paged": ["from handlers.pages import paged"],
            model: [f"from models.fields.{self.api} import {model}"],
        }
        imports = {line for word, found in needed.items() if word in words for line in found}
        takes = f"*, {self._documents}: Documents{', link: Links' * ('link' in words)}"
        return Plain(
            takes, result, lines, frozenset({*imports, "from storage.documents import Documents"})
        )

    def _field(self, name: str) -> str:
        """The constant of a property's name."""
        properties = properties_of(self.description, self.collection.schema)
        constants = dict(zip(properties, attribute_names(properties), strict=True))
        return f"{self.description.class_names[self.collection.schema]}.{constants[name]}"

    def _is_whole(self, operation: Operation, status: str, *, parameters: int) -> bool:
        """Whether a body, with a key, is all that a document must have, and is answered as one."""
        body = operation.body
        if body is None or not body.required or [*body.content] != [_JSON]:
            return False
        schemas = self.description.schemas
        brought = {*self._brought(body.content[_JSON].schema)}
        entity = schemas[self.collection.schema]
        required = {name for each in composed(entity, "required", schemas) for name in each}
        is_all = required - {self.collection.key} <= brought and not self._is_completed_within()
        return is_all and self._answers(operation, status, parameters=parameters)

    def _has_id(self, operation: Operation) -> bool:
        """Whether what is new can be given an id, unless its client has to say one."""
        sent = operation.body.content[_JSON].schema if operation.body else {}
        key, required = self.collection.key, composed(sent, "required", self.description.schemas)
        is_said = key in self._brought(sent) and any(key in each for each in required)
        entity = Entity(self.description, self.collection.schema)
        return is_said or Keys(self.collection, entity).are_made

    def _brought(self, sent: JsonSchema) -> Iterator[str]:
        """The properties that a body may have."""
        schemas = self.description.schemas
        for name, each in _merged(composed(sent, "properties", schemas)).items():
            if True not in composed(each, "readOnly", schemas):
                yield name

    def _is_completed_within(self) -> bool:
        """Whether the server sets what a part of a document must have: who knows to what?"""
        schemas = self.description.schemas
        known = properties_of(self.description, self.collection.schema)
        nodes: list[object] = [*known.values()]
        seen = set[str]()
        while nodes:
            node = nodes.pop()
            if isinstance(node, dict):
                if (name := node.get("$ref")) and name not in seen:
                    seen.add(name)
                    nodes.append(schemas[name_of(name)])
                set_here = {
                    name
                    for name, each in node.get("properties", {}).items()
                    if True in composed(each, "readOnly", schemas)
                }
                if set_here & {*node.get("required", ())}:
                    return True
                node = [*node.values()]
            nodes += node if isinstance(node, list) else []
        return False

    def _answers(self, operation: Operation, status: str, *, parameters: int) -> bool:
        """Whether it has no more parameters, and answers a document."""
        content = _content(operation, status)
        return len(operation.arguments) == parameters and _names(content, self.collection)


def _content(operation: Operation, status: str) -> MediaType | None:
    """What it answers in JSON, where it answers in nothing else."""
    response = operation.responses.get(status)
    return response.content[_JSON] if response and [*response.content] == [_JSON] else None


def _names(content: MediaType | None, collection: Collection) -> bool:
    return content is not None and _is(content.schema, collection)


def _is(schema: JsonSchema | None, collection: Collection) -> bool:
    return [*(schema or ())] == ["$ref"] and name_of((schema or {})["$ref"]) == collection.schema


def _merged(found: Iterable[Mapping[str, JsonSchema]]) -> dict[str, JsonSchema]:
    return {name: schema for each in found for name, schema in each.items()}
