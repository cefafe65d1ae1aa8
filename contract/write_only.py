"""What a spec calls `writeOnly` is taken out of every answer, whatever its handler returns."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.branches import Branches
from openapi.description import Description, JsonSchema, Operation, name_of
from openapi.schemas import Reach


class WriteOnly:
    """Takes what is `writeOnly` out of a value of one schema. Thread-safe.

    A branch of `oneOf` or `anyOf` counts where the value fits it, and where it fits none, all of
    them do: rather too little is told than too much.
    """

    def __init__(self, schema: JsonSchema, schemas: Mapping[str, JsonSchema]) -> None:
        self._schema, self._schemas = schema, schemas
        self._reaches = Reach(schemas, lambda each: each.get("writeOnly") is True)
        self._branches = Branches(schemas, self._reaches)
        self._names: dict[str, JsonSchema] = {}
        self.any = self._reaches(schema)
        """Whether there is anything to take out at all."""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
        """The value, changed in place."""
        return self._without(value, self._schema)

    def _without(self, value: Any, schema: Any) -> Any:  # noqa: ANN401
        if not isinstance(schema, dict) or not self._reaches(schema):
            return value
        for each in [*self._taken(value, schema)]:
            value = self._without(value, each)
        if isinstance(value, dict):
            for name in [*value]:
                inner = self._of_property(name, schema)
                if any(self._is_hidden(each) for each in inner):
                    del value[name]
                else:
                    for each in inner:
                        value[name] = self._without(value[name], each)
        elif isinstance(value, list):
            prefix = schema.get("prefixItems", [])
            rest = [schema.get("items")] * (len(value) - len(prefix))
            pairs = zip(value, [*prefix, *rest], strict=False)
            value = [self._without(each, inner) for each, inner in pairs]
        return value

    def _taken(self, value: Any, schema: JsonSchema) -> Iterator[JsonSchema]:  # noqa: ANN401
        yield from self._branches(value, schema)
        for branches in (schema.get("oneOf", ()), schema.get("anyOf", ())):
            if not any(self._branches.fits(value, each) for each in branches):
                yield from branches

    def _of_property(self, name: str, schema: JsonSchema) -> list[Any]:
        """The schemas that an object's schema has for a property."""
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        found = [properties[name]] if name in properties else []
        found += [
            inner
            for pattern, inner in patterns.items()
            if self._branches.fits(name, self._names.setdefault(pattern, {"pattern": pattern}))
        ]
        return found or [schema.get("additionalProperties")]

    def _is_hidden(self, schema: Any, above: frozenset[int] = frozenset()) -> bool:  # noqa: ANN401
        """Whether a property's schema, or one that it is put together from, is `writeOnly`."""
        if not isinstance(schema, dict) or id(schema) in above:
            return False
        if schema.get("writeOnly") is True:
            return True
        parts = [each for key in ("allOf", "oneOf", "anyOf") for each in schema.get(key, ())]
        if "$ref" in schema:
            parts.append(self._schemas[name_of(schema["$ref"])])
        return any(self._is_hidden(each, above | {id(schema)}) for each in parts)


class Answers:
    """Sends the answers of one operation, without what is `writeOnly`."""

    def __init__(self, operation: Operation, description: Description) -> None:
        self._operation = operation
        self._declared: dict[tuple[str, str], WriteOnly] = {
            (status, _plain(media_type)): hidden
            for status, response in operation.responses.items()
            for media_type, content in response.content.items()
            if (hidden := WriteOnly(content.schema, description.schemas)).any
        }
        self.any = bool(self._declared)
        """Whether anything of the operation is to be taken out at all."""

    async def __call__(self, response: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the handler answered."""
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await response(scope, receive, hold)
        start, *parts = messages
        body = b"".join(each.get("body", b"") for each in parts)
        hidden = self._hidden(start)
        if hidden is not None and body:
            value = hidden(json.loads(body))
            body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
            length = (b"content-length", str(len(body)).encode())
            others = [each for each in start["headers"] if each[0] != b"content-length"]
            start = {**start, "headers": [*others, length]}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _hidden(self, start: Message) -> WriteOnly | None:
        response = self._operation.response(start["status"])
        said = dict(start.get("headers", ())).get(b"content-type", b"").decode("latin-1")
        return None if response is None else self._declared.get((response.status, _plain(said)))


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def answers_without_write_only(description: Description) -> Mapping[str, Answers]:
    """By the operation's id; those in whose answers nothing is `writeOnly` are not among them."""
    made = {each.id: Answers(each, description) for each in description.operations}
    return {name: each for name, each in made.items() if each.any}
