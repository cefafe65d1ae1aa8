"""What an operation declares for a status: the media types of its body, and how they are made."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from contract.answers.accept import Accept, preferred
from contract.answers.encoding import can_hold, encoder_of, usual_type
from contract.answers.media_types import MediaRange, media_range
from contract.answers.returned import InvalidAnswerError
from contract.answers.write_only import WriteOnly
from contract.schema import Schema
from openapi.description import JsonSchema, Response

NO_BODY = frozenset((204, 205, 304))
"""Statuses whose answers have no body, whatever a spec says."""


class Body:
    """A media type that a response declares, or one within a range of them that it declares."""

    def __init__(
        self,
        media_type: MediaRange,
        schema: JsonSchema,
        schemas: Mapping[str, JsonSchema],
        written: str | None = None,
    ) -> None:
        self.media_type = media_type
        self.schema, self._schemas = schema, schemas
        self.hidden = WriteOnly(schema, schemas)
        text = written or str(media_type)
        if media_type.is_text and "charset" not in media_type.parameters:
            text = f"{text}; charset=utf-8"
        self.content_type = b"content-type", text.encode("latin-1")
        self._encode = encoder_of(media_type)

    def encode(self, value: Any) -> bytes:  # noqa: ANN401 - whatever a handler returns
        """The body that a value is, without what is `writeOnly`.

        Raises:
            InvalidAnswerError: The media type cannot hold the value.
        """
        return self._encode(self.hidden(value) if self.hidden.any else value)

    @cached_property
    def admits_none(self) -> bool:
        """Whether None can be told: as JSON's null, where the schema knows it."""
        return self.media_type.is_json and Schema(self.schema, self._schemas).is_valid(None)

    def holding(self, value: object) -> "Body | None":
        """The body that a value can be, in the one media type that it is usual in within a range.

        None where the media type cannot hold it.
        """
        if self.media_type.is_concrete:
            if value is None:
                return self if self.admits_none else None
            return self if can_hold(self.media_type, value) else None
        usual = media_range(usual_type(value))
        return self.within(usual).holding(value) if self.media_type.covers(usual) else None

    def within(self, media_type: MediaRange, written: str | None = None) -> "Body":
        """The same of one media type within the range."""
        return Body(media_type, self.schema, self._schemas, written)


class Declared:
    """A response that an operation declares."""

    def __init__(self, response: Response, schemas: Mapping[str, JsonSchema]) -> None:
        self.status = response.status
        has_body = response.status not in map(str, NO_BODY)
        self.bodies: Sequence[Body] = [
            Body(media_range(name), each.schema, schemas, name)
            for name, each in (response.content if has_body else {}).items()
        ]
        self.headers = {name.lower(): each for name, each in response.headers.items()}
        self.varies = len(self.bodies) > 1 or any(
            not each.media_type.is_concrete for each in self.bodies
        )

    def holds(self, value: object) -> bool:
        """Whether an answer without a body, or with one, can be this one."""
        if value is not None:
            return bool(self.bodies)
        return not self.bodies or any(each.holding(None) for each in self.bodies)

    def is_acceptable(self, accept: Accept) -> bool:
        """Whether a client takes one of its media types, or there are none."""
        offers = [each.media_type for each in self.bodies]
        return not offers or preferred(accept, offers) is not None

    def named(self, text: str) -> Body:
        """The body in the media type that a handler names.

        Raises:
            InvalidAnswerError: It is not declared, or is none.
        """
        try:
            media_type = media_range(text)
        except ValueError as error:
            raise InvalidAnswerError(f"a handler answered {error}") from error
        for body in self.bodies:
            if str(body.media_type) == str(media_type):
                return body
        for body in self.bodies:
            if media_type.is_concrete and body.media_type.covers(media_type):
                return body.within(media_type, text)
        raise InvalidAnswerError(f"a handler answered {text}, which the spec does not declare")
