"""What a collection holds of an API, and the codec for it."""

from dataclasses import dataclass
from functools import cached_property

from openapi.description import Description, JsonSchema
from openapi.views import composed
from storage.codec import Codec
from storage.places import Place, Places


@dataclass(frozen=True)
class Entity:
    """Objects of the schema `name` of an API, as a database holds them."""

    description: Description
    name: str

    @property
    def schema(self) -> JsonSchema:
        """What they fit."""
        return self.description.schemas[self.name]

    @cached_property
    def places(self) -> Places:
        """The places within them."""
        return Places(self.description.schemas)

    @cached_property
    def place(self) -> Place:
        """Where they stand themselves."""
        return self.places.of([self.schema])

    @cached_property
    def is_closed(self) -> bool:
        """Whether they have no properties but those that they name.

        So it is where they say nothing of others, and no request can bring one.
        """
        said = ("additionalProperties", "patternProperties", "unevaluatedProperties")
        if any(key in schema for schema in self.place.schemas for key in said):
            return self.place.is_closed
        return any(composed(self.schema, "properties", self.description.schemas)) and not any(
            self._takes_others(media.schema)
            for operation in self.description.operations
            if operation.body
            for media in operation.body.content.values()
        )

    def _takes_others(self, body: JsonSchema) -> bool:
        place = self.places.of([body])
        types = [each["type"] for each in place.facets if "type" in each]
        return not place.is_closed and all("object" in each for each in types)

    def codec(self) -> Codec:
        """Their codec."""
        return Codec(self.schema, self.description.schemas, closed=self.is_closed)
