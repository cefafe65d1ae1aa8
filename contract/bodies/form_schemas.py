"""The schema of a form with something else in the place of its files, which no schema checks."""

from collections.abc import Mapping

from contract.bodies.field_values import put_together
from contract.bodies.form_fields import Field
from openapi.description import REFERENCE, JsonSchema, name_of

FILE = "uploadedFile"
"""Keyword of what stands in the place of a file in the schema of a form; no spec may use it."""

AS_FORM = "@form"
"""What the name of a schema ends with that is one of a form, in the place of the spec's."""


class WithoutFiles:
    """The schema of a form with a text in the place of each file: what is left to be checked."""

    def __init__(
        self,
        schemas: Mapping[str, JsonSchema],
        files: Mapping[str, Field],
        others: Field | None,
    ) -> None:
        """Take the schemas by name, and the fields that are files."""
        self.schemas = {**schemas}
        self._files, self._others = files, others

    def form(self, schema: JsonSchema) -> JsonSchema:
        """The schema; what it refers to gets a name that no spec can give."""
        if not self._files and self._others is None:
            return schema
        result = {**schema}
        if "$ref" in schema:
            name = f"{name_of(schema['$ref'])}{AS_FORM}"
            if name not in self.schemas:
                self.schemas[name] = {}
                self.schemas[name] = self.form(self.schemas[name_of(schema["$ref"])])
            result["$ref"] = f"{REFERENCE}{name}"
        for key in ("allOf", "anyOf", "oneOf"):
            if key in schema:
                result[key] = [self.form(each) for each in schema[key]]
        for key in ("if", "then", "else", "not"):
            if key in schema:
                result[key] = self.form(schema[key])
        if "properties" in schema:
            result["properties"] = {
                name: self._file(each, self._files[name]) if name in self._files else each
                for name, each in schema["properties"].items()
            }
        others = schema.get("additionalProperties")
        if self._others is not None and isinstance(others, dict):
            result["additionalProperties"] = self._file(others, self._others)
        return result

    def _file(self, schema: JsonSchema, field: Field) -> JsonSchema:
        """What is left of a file's schema: how many there are, and whose it is."""
        one: JsonSchema = {FILE: True}
        kept: JsonSchema = {"type": "array", "items": one} if field.is_array else {**one}
        for part in put_together(schema, self.schemas):
            for key in ("minItems", "maxItems", "readOnly", "writeOnly", "description"):
                if key in part:
                    kept[key] = part[key]
        return {"anyOf": [kept, one]} if field.may_be_single else kept
