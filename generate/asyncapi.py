"""An AsyncAPI 3 document: what goes through RabbitMQ, from whom to whom, under which names."""

from typing import Any

import yaml

from generate.json_schemas import draft_07
from generate.sources import Sources
from messaging.events import BUILD, CHANGED_AT, PUBLISHED_AT
from messaging.topology import EXCHANGE, QUEUE_NAME, queue_of
from openapi.description import Description
from openapi.names import class_name
from services.declaration import Event, Kind, Relay, Subscriber, System
from tracing.cause import REQUEST_ID, TRACEPARENT, TRACESTATE

PATH = "schemas/asyncapi.yaml"

_HEAD = "# Generated from services.yaml and the spec of its events. `make generate` writes it.\n"
_BINDING_VERSION = "0.3.0"
_PERSISTENT = 2
"""AMQP's delivery mode of a message that survives a restart of the broker."""


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice out twice."""

    def ignore_aliases(self, _data: object) -> bool:
        """Whether it is: yes."""
        return True


def asyncapi(sources: Sources) -> dict[str, str]:
    """The document, under the names that queues have where nobody gives them others.

    None where there are no events.
    """
    if sources.events is None:
        return {}
    document = {
        "asyncapi": "3.0.0",
        "info": _info(sources.events),
        "defaultContentType": "application/json",
        "channels": _channels(sources.declared),
        "operations": _operations(sources.declared),
        "components": _components(sources.declared, sources.events),
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return {PATH: _HEAD + text}


def _info(events: Description) -> dict[str, Any]:
    """As the spec of the events says it; `summary` is nothing that AsyncAPI knows."""
    info = events.document["info"]
    return {key: value for key, value in info.items() if key != "summary"}


def _channels(system: System) -> dict[str, Any]:
    """Where relays publish, and where each subscriber finds it."""
    found: dict[str, Any] = {}
    amqp = {"bindingVersion": _BINDING_VERSION}
    exchange = {"name": EXCHANGE, "type": "direct", "durable": True, "autoDelete": False}
    for each in system.subscribers:
        name = queue_of(each, QUEUE_NAME)
        messages = {event: {"$ref": f"#/components/messages/{event}"} for event in each.events}
        queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
        found[_exchange(each)] = {
            "address": name,
            "description": "The exchange; the address is the routing key, the queue's name.",
            "messages": messages,
            "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, **amqp}},
        }
        found[_queue(each)] = {
            "address": name,
            "description": "A quorum queue, bound to the exchange by its own name.",
            "messages": messages,
            "bindings": {"amqp": {"is": "queue", "queue": queue, **amqp}},
        }
    return found


def _exchange(subscriber: Subscriber) -> str:
    return f"{subscriber.process}-exchange"


def _queue(subscriber: Subscriber) -> str:
    return f"{subscriber.process}-queue"


def _operations(system: System) -> dict[str, Any]:
    found: dict[str, Any] = {}
    sending = {"deliveryMode": _PERSISTENT, "mandatory": True}
    for service, event in system.published.values():
        for each in system.followers(event.name):
            found[f"publish{event.name}To{class_name(each.process)}"] = _operation(
                "send", _publishing(service.publishes, event), event, _exchange(each), sending
            )
            found[f"receive{event.name}In{class_name(each.process)}"] = _operation(
                "receive", _receiving(each, event), event, _queue(each), {"ack": True}
            )
    return found


def _publishing(relay: Relay | None, event: Event) -> str:
    process = "" if relay is None else relay.process
    what = "the newest state" if event.kind is Kind.STATE else "every occurrence"
    return f"{process} publishes {what}, at least once."


def _receiving(subscriber: Subscriber, event: Event) -> str:
    if subscriber.copies is None:
        return f"{subscriber.process} handles each {event.name} once."
    return f"{subscriber.process} brings {subscriber.copies[0]} to what {event.name} says."


def _operation(
    action: str, summary: str, event: Event, channel: str, amqp: dict[str, Any]
) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{event.name}"}],
        "bindings": {"amqp": {**amqp, "bindingVersion": _BINDING_VERSION}},
    }


def _components(system: System, events: Description) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name in system.published:
        schema = draft_07(events, name, "#/components/schemas/")
        schemas |= schema.pop("definitions", {})
        messages[name] = _message(name, schema)
    return {"messages": messages} | ({"schemas": schemas} if schemas else {})


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {
                BUILD: {"type": "string", "description": "The version that wrote the change."},
                CHANGED_AT: {
                    "type": "integer",
                    "description": "When, in milliseconds since 1970.",
                },
                PUBLISHED_AT: {
                    "type": "integer",
                    "description": "When it was sent to its queue, in milliseconds since 1970.",
                },
                TRACEPARENT: {"type": "string", "description": "The W3C trace context, if any."},
                TRACESTATE: {"type": "string", "description": "What belongs to that, if any."},
                REQUEST_ID: {
                    "type": "string",
                    "description": "What the request was called that made the change.",
                },
            },
            "required": [BUILD, CHANGED_AT],
        },
        "payload": {key: value for key, value in schema.items() if key != "$schema"},
        "bindings": {"amqp": {"messageType": name, "bindingVersion": _BINDING_VERSION}},
    }
