"""Messages as AMQP has them, and as ours."""

from collections.abc import Mapping

import pika

from messaging.broker import HeaderValue, Message

_PERSISTENT = 2


def properties_of(message: Message, tag: int) -> pika.BasicProperties:
    """How a message travels; `tag` comes back where no queue took it."""
    return pika.BasicProperties(
        correlation_id=str(tag),
        message_id=message.message_id,
        type=message.type,
        content_type=message.content_type,
        delivery_mode=_PERSISTENT,
        timestamp=message.timestamp,
        app_id=message.app_id,
        headers=dict(message.headers),
    )


def tag_of(properties: pika.BasicProperties) -> int:
    """What `properties_of` was given."""
    return int(properties.correlation_id)


def message_of(properties: pika.BasicProperties, body: bytes) -> Message:
    """A message that came, whoever sent it."""
    return Message(
        body=body,
        message_id=properties.message_id or "",
        type=properties.type or "",
        content_type=properties.content_type or "",
        timestamp=properties.timestamp,
        app_id=properties.app_id or "",
        headers=_headers(properties.headers or {}),
    )


def _headers(table: Mapping[str, object]) -> dict[str, HeaderValue]:
    """Ours, without what the broker or anybody else adds."""
    return {
        name: value
        for name, value in table.items()
        if isinstance(value, str | int) and not name.startswith("x-")
    }
