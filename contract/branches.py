"""Which of the schemas that a schema is put together from hold for a value."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.schema import Schema
from openapi.description import JsonSchema, name_of
from openapi.schemas import Reach


class Branches:
    """The schemas that hold for a value beside the one that it was given to. Thread-safe.

    What it refers to and `allOf` always; a branch of `oneOf`, `anyOf` or `if` where the value fits
    it. Branches in which nothing can matter are left out.
    """

    def __init__(self, schemas: Mapping[str, JsonSchema], matters: Reach) -> None:
        self._schemas, self._matters = schemas, matters
        self._compiled: dict[int, Schema] = {}

    def __call__(self, value: Any, schema: JsonSchema) -> Iterator[JsonSchema]:  # noqa: ANN401
        """Those for a value, right within the schema."""
        if "$ref" in schema:
            yield self._schemas[name_of(schema["$ref"])]
        yield from schema.get("allOf", ())
        for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if self._matters(each) and self.fits(value, each):
                yield each
        if "if" in schema:
            yield schema.get("then" if self.fits(value, schema["if"]) else "else", {})

    def fits(self, value: Any, branch: JsonSchema) -> bool:  # noqa: ANN401
        """Whether a value fits a branch."""
        if id(branch) not in self._compiled:
            self._compiled[id(branch)] = Schema(branch, self._schemas)
        return self._compiled[id(branch)].is_valid(value)
