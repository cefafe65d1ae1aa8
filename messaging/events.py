"""The event: from a change to a message, and back, both held to `specs/events.yaml`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jiter
import orjson

from contract.schema import Schema
from messaging.broker import HeaderValue, Message
from models.fields.events import UserContactsChanged
from openapi.description import REFERENCE, Description, JsonSchema
from openapi.reading import load_description
from storage.contacts import Contacts
from storage.outbox import Change

SPEC = Path(__file__).parent.parent / "specs" / "events.yaml"
EVENT_TYPE = "UserContactsChanged"
"""The message's `type`, and the name of the schema of its body."""

BUILD = "build"
"""Header: which build of the user service wrote the change."""

CHANGED_AT = "changed-at-ms"
"""Header: when the change was written, in milliseconds since 1970."""

TRACEPARENT = "traceparent"
"""Header: the W3C trace context of the request that made the change, where it had one."""

UNKNOWN_BUILD = "unknown"
"""Where a message does not say which."""


class BadMessage(Exception):  # noqa: N818 - it is the message that is bad
    """A message that is no event; it says everything that is wrong with it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change as the consumer knows it. `changed_at` is None where the message does not say."""

    contacts: Contacts
    build: str
    changed_at: datetime | None
    traceparent: str | None


class Events:
    """Writes and reads events. Thread-safe."""

    def __init__(self) -> None:
        description = load_description(SPEC)
        schema = {"$ref": f"{REFERENCE}{EVENT_TYPE}"}
        self._schema = Schema(schema, description.schemas)
        self._shape = _shape(schema, description)

    def message(self, change: Change) -> Message:
        """The message that publishes a change. Each call makes a message with an id of its own.

        Raises:
            BadMessage: The contact data do not fit the schema.
        """
        contacts = change.contacts
        body = {
            UserContactsChanged.userId: contacts.user_id,
            UserContactsChanged.userEmails: list(contacts.user_emails),
            UserContactsChanged.deliveryAddress: dict(contacts.delivery_address),
            UserContactsChanged.version: contacts.version,
        }
        self._check(body)
        headers: dict[str, HeaderValue] = {
            BUILD: change.build,
            CHANGED_AT: milliseconds_since_1970(change.changed_at),
        }
        if change.traceparent is not None:
            headers[TRACEPARENT] = change.traceparent
        return Message(
            orjson.dumps(body),
            message_id=str(uuid4()),
            type=EVENT_TYPE,
            timestamp=int(change.changed_at.timestamp()),
            app_id="user-relay",
            headers=headers,
        )

    def read(self, message: Message) -> Event:
        """The event in a message, without the properties that this version does not know.

        Raises:
            BadMessage: There is none, or it does not fit the schema.
        """
        try:
            received = jiter.from_json(message.body, allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError as error:
            # Where, but not what: the library quotes a key that is there twice.
            raise BadMessage(f"not JSON: {str(error).rpartition(' at ')[2]}") from error
        body = _known(received, self._shape)
        self._check(body)
        changed_at = message.headers.get(CHANGED_AT)
        return Event(
            Contacts(
                body[UserContactsChanged.userId],
                body[UserContactsChanged.version],
                tuple(body[UserContactsChanged.userEmails]),
                body[UserContactsChanged.deliveryAddress],
            ),
            build=str(message.headers.get(BUILD, UNKNOWN_BUILD)),
            changed_at=_moment(changed_at),
            traceparent=_text(message.headers.get(TRACEPARENT)),
        )

    def _check(self, body: object) -> None:
        faults = self._schema.issues(body)
        if faults:
            raise BadMessage("; ".join(f"{each.pointer} {each.detail}" for each in faults))


def milliseconds_since_1970(moment: datetime) -> int:
    """A moment as a header holds it."""
    return round(moment.timestamp() * 1000)


def _shape(
    schema: JsonSchema, description: Description, above: tuple[JsonSchema, ...] = ()
) -> dict[str, Any]:
    """Which properties and elements a schema names, at any depth, without a reference."""
    schema = description.resolve(schema)
    shape: dict[str, Any] = {}
    if any(schema is each for each in above):  # a schema within itself has no end
        return shape
    above = (*above, schema)
    if "properties" in schema:
        properties = schema["properties"].items()
        shape["properties"] = {name: _shape(each, description, above) for name, each in properties}
        shape["closed"] = schema.get("additionalProperties") is False
    if "items" in schema:
        shape["items"] = _shape(schema["items"], description, above)
    return shape


def _known(value: Any, shape: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON is anything
    """The value without properties that its shape neither names nor leaves open."""
    if isinstance(value, dict) and "properties" in shape:
        named = shape["properties"]
        kept = [name for name in value if name in named or not shape["closed"]]
        return {name: _known(value[name], named.get(name, {})) for name in kept}
    if isinstance(value, list) and "items" in shape:
        return [_known(each, shape["items"]) for each in value]
    return value


def _moment(header: HeaderValue | None) -> datetime | None:
    """The moment in a header; None where it holds none."""
    try:
        return datetime.fromtimestamp(header / 1000, UTC) if isinstance(header, int) else None
    except (OverflowError, ValueError, OSError):
        return None


def _text(header: HeaderValue | None) -> str | None:
    return header if isinstance(header, str) else None
