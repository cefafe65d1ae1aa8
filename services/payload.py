"""What a message of an event holds of a document: its key, its version and some properties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openapi.description import Description
from openapi.reading import load_description
from openapi.views import properties_of
from services.declaration import Event, Service, System

VERSION = "version"
"""The property of every event that tells older from newer of the same document."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Payload:
    """From an object, as it is on the wire, to the body of the event.

    `key` is the property with the id of the object, the same in both; `properties` are the other
    ones of the event, each with the object's name for it.
    """

    event: Event
    key: str
    properties: Mapping[str, str]

    def data(self, value: Mapping[str, Any]) -> Json:
        """What the event says of an object, but for its version."""
        return {
            each: value[source]
            for each, source in {self.key: self.key, **self.properties}.items()
            if source in value
        }


def events_of(system: System) -> Description | None:
    """The description of the events of a system, if there are some."""
    return None if system.events is None else load_description(system.events)


def payload(service: Service, event: Event, events: Description) -> Payload:
    """What an event of a service holds."""
    key = service.collection(event.collection).key
    others = (each for each in properties_of(events, event.name) if each not in (key, VERSION))
    return Payload(event, key, {each: event.fields.get(each, each) for each in others})


def payloads(service: Service, events: Description | None) -> tuple[Payload, ...]:
    """What a service publishes."""
    if events is None or service.publishes is None:
        return ()
    return tuple(payload(service, each, events) for each in service.publishes.events)


def keys(system: System) -> Mapping[str, str]:
    """The property of every event with the id of what it tells of."""
    return {
        name: service.collection(event.collection).key
        for name, (service, event) in system.published.items()
    }
