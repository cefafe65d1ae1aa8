"""`application/x-www-form-urlencoded`."""

from typing import Any
from urllib.parse import unquote_plus

from contract.bodies.body_limits import MAX_BODY_BYTES, MAX_FIELDS
from contract.bodies.contents import Checked
from contract.bodies.forms import Fields
from contract.bodies.incoming import Incoming
from contract.bodies.media_types import ContentType
from contract.errors import InvalidRequest, UnsupportedMediaType, ValidationIssue
from openapi.description import Description, MediaType

NAME = "application/x-www-form-urlencoded"


class UrlencodedContent(Checked):
    """A form of texts: an object, typed by its schema."""

    may_be_empty = True

    def __init__(self, media: MediaType, description: Description) -> None:
        self._fields = Fields(media, description, is_multipart=False)
        super().__init__(media.schema, description.schemas)
        self.max_bytes = media.max_bytes or MAX_BODY_BYTES

    async def read(
        self, sent: ContentType, incoming: Incoming, _: object, issues: list[ValidationIssue]
    ) -> dict[str, Any] | None:
        """As `Content` says."""
        if not sent.is_in_utf_8:
            raise UnsupportedMediaType("Send a form in UTF-8.")
        body = await incoming.whole()
        texts: dict[str, list[str]] = {}
        if body.count(b"&") >= MAX_FIELDS:
            raise _unreadable(f"has more than {MAX_FIELDS} fields")
        try:
            for pair in filter(None, body.decode().split("&")):
                name, _, value = pair.partition("=")
                texts.setdefault(_unescaped(name), []).append(value)
        except ValueError:
            raise _unreadable("is no form in UTF-8") from None
        before = len(issues)
        values = self._fields.values(texts, issues, _unescaped)
        return values if len(issues) == before else None

    def finish(self, value: dict[str, Any] | None, issues: list[ValidationIssue]) -> Any:  # noqa: ANN401
        """As `Content` says; what could not be read is not checked as well."""
        return None if value is None else super().finish(value, issues)


def _unescaped(text: str) -> str:
    return unquote_plus(text, errors="strict")


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest("The form cannot be read.", [ValidationIssue(why, pointer="#")])
