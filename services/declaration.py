"""A row of `services.yaml`, and every name that follows from it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Version:
    """One version of a service: a process, or several that are alike.

    `name` is empty where a service has one version only. `process` is what it is called wherever
    it runs, `port` where it listens on a developer's machine, and `overlay` what is laid over the
    published spec.
    """

    name: str
    process: str
    port: int
    overlay: Path | None = None

    @property
    def overlays(self) -> tuple[Path, ...]:
        """The overlay, if there is one."""
        return () if self.overlay is None else (self.overlay,)


@dataclass(frozen=True)
class Collection:
    """What a service stores: documents of a schema of its spec.

    `key` is the property with a document's id. No two documents have the same value of a property
    out of `unique`. Pages are sorted by `order`, or else by the key, and can be limited to one
    value of each of `filters`.
    """

    name: str
    schema: str
    key: str
    unique: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


class Kind(StrEnum):
    """What followers of an event are told."""

    STATE = "state"
    """The newest state of each document; older ones may be skipped."""
    EACH = "each"
    """Every occurrence."""


@dataclass(frozen=True)
class Event:
    """An event: what becomes of documents of `collection` on their creation, a change, or both.

    It has properties of the document, by the names in `fields` where those differ.
    """

    name: str
    kind: Kind
    collection: str
    on_creation: bool
    on_change: bool
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Relay:
    """The process of a service that publishes its events."""

    process: str
    port: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Subscriber:
    """The process of a service that follows events, by their names.

    Its queue is named by the setting `queue`, or else after the process. It has either `handlers`,
    a module, or `copies`: the collection whose documents take over what an event says, and their
    property with its key.
    """

    process: str
    port: int
    events: tuple[str, ...]
    handlers: str = ""
    queue: str = ""
    copies: tuple[str, str] | None = None


@dataclass(frozen=True)
class Service:
    """One service.

    `handlers` and `composition` are modules, `handlers.orders`; without a composition the handlers
    get the collections alone. `clients` is the name of its packages, empty where there are none.
    `database` is its name behind the prefix, empty where nothing is stored. `split` is the setting
    with the percentage of the first of two versions, empty where there is one. `enforced_elsewhere`
    has the security schemes that the gateway does not enforce, and who does. Where `anonymous`,
    `{}` beside other requirements lets strangers in.
    """

    name: str
    spec: Path
    handlers: str
    versions: tuple[Version, ...]
    clients: str = ""
    split: str = ""
    database: str = ""
    collections: tuple[Collection, ...] = ()
    composition: str = ""
    publishes: Relay | None = None
    follows: Subscriber | None = None
    house_rules: bool = True
    enforced_elsewhere: Mapping[str, str] = field(default_factory=dict)
    anonymous: bool = False

    @property
    def api(self) -> str:
        """What its API is called in the code: the file's name without its ending, `_` for `-`."""
        return self.spec.stem.replace("-", "_")

    @property
    def handlers_file(self) -> str:
        """The path of its handlers in the repository."""
        return f"{self.handlers.replace('.', '/')}.py"

    @property
    def follower_file(self) -> str:
        """The path of the handlers of the events that it follows; empty where it has none."""
        module = "" if self.follows is None else self.follows.handlers
        return module and f"{module.replace('.', '/')}.py"

    @property
    def processes(self) -> tuple[str, ...]:
        """The processes that answer HTTP."""
        return tuple(each.process for each in self.versions)

    @property
    def event_processes(self) -> tuple[Relay | Subscriber, ...]:
        """The processes that publish and follow events."""
        return tuple(each for each in (self.publishes, self.follows) if each is not None)

    def collection(self, name: str) -> Collection:
        """The collection of that name; KeyError where there is none."""
        return {each.name: each for each in self.collections}[name]

    def events_of(self, collection: str) -> tuple[Event, ...]:
        """What it publishes of the documents of a collection."""
        events = () if self.publishes is None else self.publishes.events
        return tuple(each for each in events if each.collection == collection)

    def application(self, version: Version) -> str:
        """What gunicorn is told to run: the call that makes the service."""
        arguments = ", ".join(repr(each) for each in (self.name, version.name) if each)
        return f"processes.service:create({arguments})"

    def version(self, name: str = "") -> Version:
        """The version of that name; KeyError where there is none."""
        return {each.name: each for each in self.versions}[name]


@dataclass(frozen=True)
class System:
    """All services, in the order in which they are declared; `root` is the repository.

    `events` is the spec of their events, None where there are none. `place` says `file:line` of
    what a JSON pointer into the file of the rows names.
    """

    root: Path
    services: tuple[Service, ...]
    events: Path | None = None
    place: Callable[[str], str] = field(default=lambda _: "services.yaml", compare=False)

    def __iter__(self) -> Iterator[Service]:
        return iter(self.services)

    @cached_property
    def by_name(self) -> Mapping[str, Service]:
        """Every service by its name."""
        return {each.name: each for each in self.services}

    @cached_property
    def by_api(self) -> Mapping[str, Service]:
        """Every service by what its API is called in the code."""
        return {each.api: each for each in self.services}

    @cached_property
    def http(self) -> Mapping[str, tuple[Service, Version]]:
        """Every service in each version, by the process that answers HTTP."""
        return {
            version.process: (service, version)
            for service in self.services
            for version in service.versions
        }

    @cached_property
    def by_process(self) -> Mapping[str, Service]:
        """Every service by each of its processes."""
        return {
            process: service
            for service in self.services
            for process in (*service.processes, *(each.process for each in service.event_processes))
        }

    @cached_property
    def ports(self) -> Mapping[str, int]:
        """Where each process listens on a developer's machine, by its name."""
        found: dict[str, int] = {}
        for service in self.services:
            found |= {each.process: each.port for each in service.versions}
        for service in self.services:
            found |= {each.process: each.port for each in service.event_processes}
        return found

    @cached_property
    def published(self) -> Mapping[str, tuple[Service, Event]]:
        """Every event by its name, and who publishes it."""
        return {
            event.name: (service, event)
            for service in self.services
            if service.publishes is not None
            for event in service.publishes.events
        }

    def followers(self, event: str) -> tuple[Subscriber, ...]:
        """Who follows the event of that name."""
        return tuple(
            each.follows
            for each in self.services
            if each.follows is not None and event in each.follows.events
        )

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """Every process that follows events."""
        return tuple(each.follows for each in self.services if each.follows is not None)

    @property
    def with_clients(self) -> tuple[Service, ...]:
        """The services that clients have packages for."""
        return tuple(each for each in self.services if each.clients)
