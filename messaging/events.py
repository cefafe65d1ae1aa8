"""Events: from a change to a message, and back, both held to the spec of the events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

import jiter
import orjson

from contract.schema import Schema
from messaging.broker import HeaderValue, Message
from messaging.topology import KEY
from openapi.description import REFERENCE, Description, JsonSchema
from openapi.errors import InvalidDocumentError
from openapi.reading import load_description
from services.declaration import System
from services.payload import VERSION, keys
from storage.outbox import OutboxEntry
from tracing.cause import Cause

_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,64}")

BUILD = "build"
"""Header: which version of the service wrote the change."""

CHANGED_AT = "changed-at-ms"
"""Header: when the change was written, in milliseconds since 1970."""

PUBLISHED_AT = "published-at-ms"
"""Header: when it was sent to the queue in which it waits, in milliseconds since 1970."""

UNKNOWN_BUILD = "unknown"
"""Where a message does not say which."""


class BadMessage(Exception):  # noqa: N818 - it is the message that is bad
    """A message that is no event; it says everything that is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """An event as a follower knows it, told from others by its identity.

    `key`, as text, and `version` are those of what it tells of, `body` is all that it says.
    `changed_at` is None where the message does not say, and so is `published_at`. `cause` is the
    request that made the change, `delivered_at` when the message was taken from the queue.
    """

    name: str
    key: str
    version: int
    body: Mapping[str, Any]
    build: str
    changed_at: datetime | None
    cause: Cause
    published_at: datetime | None = None
    delivered_at: datetime | None = None


class Events:
    """Writes and reads events. Thread-safe."""

    def __init__(self, description: Description, keys: Mapping[str, str], sender: str = "") -> None:
        """Take events by the names of their schemas, each with the property that is its key.

        Args:
            description: The spec of the events.
            keys: By the names of those that are written, or read; others are no events.
            sender: The process that writes them.
        """
        self._keys, self._sender = keys, sender
        self._kinds = {name: _Kind(name, description) for name in keys}

    @classmethod
    def declared(cls, system: System, *names: str, sender: str = "") -> Self:
        """The events of these names, as a system declares them."""
        if system.events is None:
            raise InvalidDocumentError(f"{system.place('')}: there is no spec of events: name one")
        known = keys(system)
        chosen = {name: known[name] for name in names}
        return cls(load_description(system.events), chosen, sender)

    def message(self, change: OutboxEntry) -> Message:
        """The message that publishes a change. Each call makes a message with an id of its own.

        Raises:
            BadMessage: The change does not fit the schema.
        """
        body = {**change.data, VERSION: change.version}
        self._kinds[change.event].check(body)
        headers: dict[str, HeaderValue] = {
            BUILD: change.build,
            CHANGED_AT: milliseconds_since_1970(change.changed_at),
            **change.cause.headers(),
            KEY: change.key,
        }
        return Message(
            orjson.dumps(body),
            message_id=str(uuid4()),
            type=change.event,
            timestamp=int(change.changed_at.timestamp()),
            app_id=self._sender,
            headers=headers,
        )

    def read(self, message: Message) -> Event:
        """The event in a message, without the properties that this version does not know.

        Raises:
            BadMessage: There is none that is followed here, or it does not fit the schema.
        """
        name = message.type if message.type or len(self._kinds) != 1 else next(iter(self._kinds))
        kind = self._kinds.get(name)
        if kind is None:
            shown = identifier(name, "what is no name")
            raise BadMessage(f"type: {shown} is none of {', '.join(self._kinds)}")
        try:
            received = jiter.from_json(message.body, allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError as error:
            # Where, but not what: the library quotes a key that is there twice.
            raise BadMessage(f"not JSON: {str(error).rpartition(' at ')[2]}") from error
        body = _known(received, kind.shape)
        kind.check(body)
        return Event(
            name,
            str(body[self._keys[name]]),
            body[VERSION],
            body,
            build=build_of(message),
            changed_at=moment_in(message.headers.get(CHANGED_AT)),
            cause=Cause.of_headers(message.headers),
            published_at=moment_in(message.headers.get(PUBLISHED_AT)),
        )


class _Kind:
    """All events of one schema."""

    def __init__(self, name: str, description: Description) -> None:
        schema = {"$ref": f"{REFERENCE}{name}"}
        self._schema = Schema(schema, description.schemas)
        self.shape = _shape(schema, description)

    def check(self, body: object) -> None:
        """Raise BadMessage where a body does not fit."""
        issues = self._schema.issues(body)
        if issues:
            raise BadMessage("; ".join(f"{each.pointer} {each.detail}" for each in issues))


def build_of(message: Message) -> str:
    """Which version of a service wrote the change; `unknown` where the message does not say."""
    return identifier(message.headers.get(BUILD), UNKNOWN_BUILD)


def identifier(value: object, otherwise: str) -> str:
    """A name out of a message, which anybody may have written, where it is nothing but a name.

    What logs and metrics say of a message is made of these: no address, and nothing without end.
    """
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else otherwise


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


def moment_in(header: HeaderValue | None) -> datetime | None:
    """The moment in a header; None where it holds none."""
    try:
        return datetime.fromtimestamp(header / 1000, UTC) if isinstance(header, int) else None
    except (OverflowError, ValueError, OSError):
        return None
