"""An AsyncAPI 3 document: what goes through RabbitMQ, under which names."""

from typing import Any

import yaml

from generate.json_schemas import draft_07
from generate.sources import Sources
from messaging.events import BUILD, CHANGED_AT, EVENT_TYPE, TRACEPARENT
from messaging.topology import EXCHANGE, QUEUE_NAME, Topology

PATH = "schemas/asyncapi.yaml"

_HEAD = "# Generated from specs/events.yaml and messaging/topology.py. `make generate` writes it.\n"
_PERSISTENT = 2
"""AMQP's delivery mode of a message that survives a restart of the broker."""


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice out twice."""

    def ignore_aliases(self, _data: object) -> bool:
        """Whatever it is."""
        return True


def asyncapi(sources: Sources) -> dict[str, str]:
    """The document, under the name that the queue has where nobody gives it another."""
    document = {
        "asyncapi": "3.0.0",
        "info": _info(sources),
        "defaultContentType": "application/json",
        "channels": {"userUpdates": _channel(Topology(QUEUE_NAME))},
        "operations": _operations(),
        "components": {"messages": {EVENT_TYPE: _message(sources)}},
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return {PATH: _HEAD + text}


def _info(sources: Sources) -> dict[str, Any]:
    info = sources.apis["user"]["info"]
    return {
        "title": "Changes of users' contact data",
        "version": info["version"],
        "description": "How the orders of a user learn of new e-mail addresses and a new address.",
        "contact": info["contact"],
        "license": info["license"],
    }


def _channel(topology: Topology) -> dict[str, Any]:
    queue = topology.updates
    return {
        "address": queue.name,
        "description": "A durable quorum queue, bound to the exchange by its own name.",
        "messages": {EVENT_TYPE: {"$ref": f"#/components/messages/{EVENT_TYPE}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": EXCHANGE, "type": "direct", "durable": True},
                "queue": {"name": queue.name, "durable": True},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operations() -> dict[str, Any]:
    """Both sides: the relay publishes, the consumer takes and acknowledges."""
    channel = {"$ref": "#/channels/userUpdates"}
    messages = [{"$ref": f"#/channels/userUpdates/messages/{EVENT_TYPE}"}]
    sending = {"deliveryMode": _PERSISTENT, "mandatory": True, "bindingVersion": "0.3.0"}
    receiving = {"ack": True, "bindingVersion": "0.3.0"}
    return {
        "publishUserContactsChanged": {
            "action": "send",
            "summary": "The user relay publishes each change; at least once.",
            "channel": channel,
            "messages": messages,
            "bindings": {"amqp": sending},
        },
        "receiveUserContactsChanged": {
            "action": "receive",
            "summary": "The order consumer brings the user's orders into step.",
            "channel": channel,
            "messages": messages,
            "bindings": {"amqp": receiving},
        },
    }


def _message(sources: Sources) -> dict[str, Any]:
    schema = draft_07(sources.events, EVENT_TYPE)
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
        "bindings": {"amqp": {"messageType": EVENT_TYPE, "bindingVersion": "0.3.0"}},
    }
