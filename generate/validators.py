"""Does MongoDB take the validators of what is stored?"""

import json
from collections.abc import Iterator
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from generate.sources import Sources
from local.errors import LocalError
from local.mongodb import scratch
from openapi.grammar import walk
from storage.client import Json
from storage.entity import Entity
from storage.patterns import pcre, pcre_of_names
from storage.property_names import stored_pattern
from storage.validators import Validator, collection_schema

Server = MongoClient[Json]


def refused(sources: Sources) -> Iterator[str]:
    """What MongoDB refuses of a validator, a line each, asked of a server of its own."""
    entities = [Entity(api, each.schema) for _, each, api in sources.stored()]
    if sources.events is not None:
        entities += [Entity(sources.events, each) for each in sources.declared.published]
    try:
        with scratch() as server:
            for entity in entities:
                yield from _refusals(server, entity)
    except LocalError as error:
        yield str(error)


def _refusals(server: Server, entity: Entity) -> Iterator[str]:
    validator = collection_schema(entity, {})
    if not (reason := _reason(server, validator)):
        return
    text, found = json.dumps(validator), False
    for pointer, pattern, translated in _patterns(entity):
        probe = {"properties": {"x": {"pattern": translated}}}
        why = json.dumps(translated) in text and _reason(server, probe)
        if why:
            found = True
            place = entity.description.place(pointer)
            yield f"{place}: MongoDB has no such pattern as {pattern}, write another: {why}"
    if not found:
        place = entity.description.place(entity.description.schema_pointers[entity.name])
        yield f"{place}: MongoDB refuses the validator of {entity.name}: {reason}"


def _patterns(entity: Entity) -> Iterator[tuple[str, str, str]]:
    """Every pattern of the API's schemas: where it is, as it is there, and as MongoDB has it."""
    for name, schema in entity.description.schemas.items():
        for node in walk(schema, "3.1", "schema", entity.description.schema_pointers[name]):
            value: Any = node.value
            if node.kind == "schema" and isinstance(value, dict):
                if "pattern" in value:
                    yield f"{node.pointer}/pattern", value["pattern"], pcre(value["pattern"])
                for each in value.get("patternProperties", ()):
                    translated = pcre_of_names(stored_pattern(each))
                    yield f"{node.pointer}/patternProperties", each, translated


def _reason(server: Server, schema: Validator) -> str:
    """Why MongoDB does not take a `$jsonSchema`; empty where it does."""
    try:
        server["check"]["check"].find_one({"$jsonSchema": schema})
    except OperationFailure as error:
        return str((error.details or {}).get("errmsg", "")) or type(error).__name__
    return ""
