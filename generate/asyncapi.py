"""An AsyncAPI 3 document: what goes through RabbitMQ, under which names."""

from typing import Any

import yaml

from generate.json_schemas import draft_07
from generate.sources import Sources
from messaging.events import BUILD, CHANGED_AT, EVENT_TYPE, TRACEPARENT
from messaging.topology import EXCHANGE, QUEUE_NAME, Topology
from openapi.description import Description

PATH = "schemas/asyncapi.yaml"

_HEAD = "# Generated from specs/events.yaml and messaging/topology.py. `make generate` writes it.\n"
_BINDING_VERSION = "0.3.0"
_PERSISTENT = 2
"""AMQP's delivery mode of a message that survives a restart of the broker."""


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice out twice."""

    def ignore_aliases(self, _data: object) -> bool:
        """Whatever it is."""
        return True


def asyncapi(sources: Sources) -> dict[str, str]:
    """The document, under the name that the queue has where nobody gives it another.

    None where there are no events.
    """
    if sources.events is None:
        return {}
    document = {
        "asyncapi": "3.0.0",
        "info": _info(sources.events),
        "defaultContentType": "application/json",
        "channels": _channels(Topology(QUEUE_NAME)),
        "operations": _operations(),
        "components": _components(sources.events),
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return {PATH: _HEAD + text}


def _info(events: Description) -> dict[str, Any]:
    """As the spec of the events says it; `summary` is nothing that AsyncAPI knows."""
    info = events.document["info"]
    return {key: value for key, value in info.items() if key != "summary"}


def _channels(topology: Topology) -> dict[str, Any]:
    """Where the relay publishes, and where the consumer finds it."""
    name, amqp = topology.updates.name, {"bindingVersion": _BINDING_VERSION}
    messages = {EVENT_TYPE: {"$ref": f"#/components/messages/{EVENT_TYPE}"}}
    exchange = {"name": EXCHANGE, "type": "direct", "durable": True, "autoDelete": False}
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "exchange": {
            "address": name,
            "description": "The exchange; the address is the routing key, the queue's name.",
            "messages": messages,
            "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, **amqp}},
        },
        "queue": {
            "address": name,
            "description": "A quorum queue, bound to the exchange by its own name.",
            "messages": messages,
            "bindings": {"amqp": {"is": "queue", "queue": queue, **amqp}},
        },
    }


def _operations() -> dict[str, Any]:
    sending = {"deliveryMode": _PERSISTENT, "mandatory": True}
    return {
        "publishUserContactsChanged": _operation(
            "send", "The user relay publishes each change, at least once.", "exchange", sending
        ),
        "receiveUserContactsChanged": _operation(
            "receive",
            "The order consumer brings the user's orders into step.",
            "queue",
            {"ack": True},
        ),
    }


def _operation(action: str, summary: str, channel: str, amqp: dict[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{EVENT_TYPE}"}],
        "bindings": {"amqp": {**amqp, "bindingVersion": _BINDING_VERSION}},
    }


def _components(events: Description) -> dict[str, Any]:
    schema = draft_07(events, EVENT_TYPE, "#/components/schemas/")
    definitions = schema.pop("definitions", {})
    components: dict[str, Any] = {"messages": {EVENT_TYPE: _message(schema)}}
    return components | {"schemas": definitions} if definitions else components


def _message(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": EVENT_TYPE,
        "title": "A user's contact data changed",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                BUILD: {"type": "string", "description": "The build that wrote the change."},
                CHANGED_AT: {
                    "type": "integer",
                    "description": "When, in milliseconds since 1970.",
                },
                TRACEPARENT: {"type": "string", "description": "The W3C trace context, if any."},
            },
            "required": [BUILD, CHANGED_AT],
        },
        "payload": {key: value for key, value in schema.items() if key != "$schema"},
        "bindings": {"amqp": {"messageType": EVENT_TYPE, "bindingVersion": _BINDING_VERSION}},
    }
