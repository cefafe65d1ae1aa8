"""The schemas of an API, with what handlers are given in the place of a form's files."""

from collections.abc import Mapping

from contract.bodies.form_schemas import AS_FORM
from contract.bodies.forms import Fields
from contract.bodies.multipart import NAME
from openapi.description import Description, JsonSchema
from openapi.schemas import mapped


def with_files(description: Description) -> Mapping[str, JsonSchema]:
    """The schemas by name; in those of forms the keyword FILE stands where a file does."""
    found = {**description.schemas}
    bodies = [each.body for each in description.operations if each.body is not None]
    for name, media in (each for body in bodies for each in body.content.items()):
        if name.lower().startswith(NAME):
            made = Fields(media, description, is_multipart=True).schemas
            found |= {
                name.removesuffix(AS_FORM): _plain(schema)
                for name, schema in made.items()
                if name.endswith(AS_FORM)
            }
    return found


def _plain(schema: JsonSchema) -> JsonSchema:
    """The schema with its references to those of the spec."""
    plain = mapped(schema, _plain)
    return plain | {"$ref": plain["$ref"].removesuffix(AS_FORM)} if "$ref" in plain else plain
