"""Do the gateway's routes let through what the specs publish, and nothing else?

Paths are compared as sets, in both directions; what is told has a shortest path as its example.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from interegular.fsm import FSM

from gateway import advice
from gateway.advice import Asked
from gateway.authentication import Authentication
from gateway.configuration import Configuration, Route
from gateway.languages import (
    UnreadableError,
    common,
    either,
    language,
    meet,
    shortest,
    within,
    without,
)
from gateway.paths import REQUESTED, Owned, example, may_meet, owned
from gateway.render import TEMPLATE
from gateway.splits import kong_service
from openapi.description import Description, JsonSchema
from openapi.reading import load_description
from services.declaration import Service, System
from services.reading import declared

Published = Mapping[str, Description]
"""The API of each service, by the name of the service in kong.yml.template."""

_IN = f"In kong/{TEMPLATE.name}, in"
_UNDER = f"In kong/{TEMPLATE.name}, under"
_TAKE_OUT = "Take that out: no public operation is behind it"


def specs(system: System | None = None) -> Mapping[str, Path]:
    """Which service answers for which spec, by the names in kong.yml.template."""
    return {kong_service(each): each.spec for each in system or declared()}


def all_apis(files: Mapping[str, Path] | None = None) -> Published:
    """The APIs of all specs, or of some.

    Raises:
        InvalidDocumentError: A spec is not sound.
    """
    found = specs() if files is None else files
    return {service: load_description(path) for service, path in found.items()}


def harmless(service: Service) -> tuple[str, str] | None:
    """Method and path of a request without a body that changes nothing, if a service has one.

    It is a GET, or is refused because a body is required.

    Raises:
        InvalidDocumentError: The spec is not sound.
    """
    api = load_description(service.spec)
    public = [each for each in api.operations if not each.internal]
    for each in sorted(public, key=lambda each: each.method != "GET"):
        if each.method == "GET" or (each.body is not None and each.body.required):
            return each.method, example(each, api.schemas)
    return None


def disagreements(
    configuration: Configuration, published: Published, asked: Asked
) -> tuple[str, ...]:
    """What is to be changed in kong.yml.template, a message each; none where all agree.

    Of operations that are not in `asked` only the routes are compared.
    """
    unreadable = tuple(_unreadable(configuration))
    if unreadable:
        return unreadable
    everything = {name: owned(api) for name, api in published.items()}
    routes = {service.name: service.routes for service in configuration.services}
    found = [*_shared(everything)]
    for name in dict.fromkeys((*published, *routes)):
        schemas = published[name].schemas if name in published else {}
        side = _Side(name, routes.get(name, ()), everything.get(name, ()), schemas, asked)
        if name not in routes and side.public:
            found.append(advice.missing_service(configuration, name, side.public, schemas, asked))
        elif name in routes:
            found += (*side.missing(), *side.surplus())
    return tuple(found)


def _unreadable(configuration: Configuration) -> Iterator[str]:
    for route in (each for service in configuration.services for each in service.routes):
        for pattern in route.patterns:
            try:
                language(_inner(pattern))
            except UnreadableError as error:
                yield f"{_place(route)}: the path of {route.name} {error}"


def _place(route: Route) -> str:
    lines = TEMPLATE.read_text("utf-8").splitlines()
    found = (number for number, line in enumerate(lines, 1) if line.endswith(f"name: {route.name}"))
    return f"kong/{TEMPLATE.name}:{next(found, 1)}"


def _inner(pattern: str) -> str:
    return pattern.removeprefix("^").removesuffix("$")


def _paths(route: Route) -> FSM:
    found = (language(_inner(each)) for each in route.patterns)
    return common(either(*found), language(REQUESTED))


def _shared(everything: Mapping[str, Sequence[Owned]]) -> Iterator[str]:
    """Paths that two services have: the gateway could not tell whose a request is."""
    for (one, its), (other, others) in combinations(everything.items(), 2):
        for a, b in ((a, b) for a in its for b in others):
            alike = a.operation.method == b.operation.method and may_meet(a.operation, b.operation)
            public = not (a.operation.internal or b.operation.internal)
            if alike and public and meet(a.paths, b.paths):
                yield f"{a.operation} of {one} and {b.operation} of {other} have paths in common"


@dataclass(frozen=True)
class _Side:
    """A service: its routes, and the operations that are to be behind them."""

    name: str
    routes: Sequence[Route]
    operations: Sequence[Owned]
    schemas: Mapping[str, JsonSchema]
    asked: Asked

    @property
    def public(self) -> list[Owned]:
        """The operations that are to have a route."""
        found = (each for each in self.operations if not each.operation.internal)
        return [each for each in found if shortest(each.paths) is not None]

    def missing(self) -> Iterator[str]:
        """What the operations need, and no route does."""
        for own in self.public:
            operation = own.operation
            asks = self.asked.get((operation.method, operation.path))
            its = [each for each in self.routes if operation.method in each.methods]
            its = [each for each in its if meet(_paths(each), own.paths)]
            for route in its:
                if asks and asks is not route.authentication:
                    yield (
                        f"{operation}: its security is {asks}, and the route {route.name} asks for "
                        f"{route.authentication}. {_IN} that route, or in one of its own where "
                        f"others of that route are to stay as they are:\n{advice.plugins(asks)}"
                    )
            closed = shortest(without(own.valid, *map(_paths, its)))
            if closed is not None and its:
                written = advice.pattern(own, self.schemas)
                yield (
                    f"{operation}: no route lets {operation.method} {closed} through. {_IN} "
                    f"{its[0].name}:\n{advice.paths(written)}"
                )
            elif closed is not None:
                yield self._without_route(own, asks or Authentication.KEY)

    def _without_route(self, own: Owned, asks: Authentication) -> str:
        for route in self.routes:
            fits = within(own.valid, _paths(route)) and within(_paths(route), own.paths)
            if route.authentication is asks and fits:
                lines = advice.more_methods(route, own.operation)
                return f"{own.operation} has no route. {_IN} {route.name}:\n{lines}"
        lines = advice.routes(self.name, [own], self.schemas, self.asked)
        return f"{own.operation} has no route. {_UNDER} {self.name}:\n{lines}"

    def surplus(self) -> Iterator[str]:
        """What the routes do, and no operation needs."""
        for route in self.routes:
            methods = [each for each in route.methods if each != "HEAD"]  # it goes with GET
            yield from (line for each in methods for line in self._misnamed(route, each))
            found = [line for each in methods for line in self._let_through(route, each)]
            if found:
                public = [each for each in self._met(route) if not each.operation.internal]
                lines = advice.routes(self.name, public, self.schemas, self.asked)
                yield "\n".join([*found, f"{_IN} its place:\n{lines}" if public else _TAKE_OUT])

    def _met(self, route: Route, method: str = "") -> list[Owned]:
        """The operations that have some of a route's paths."""
        methods = (method,) if method else route.methods
        return [
            each
            for each in self.operations
            if each.operation.method in methods and meet(each.paths, _paths(route))
        ]

    def _named(self, route: Route, method: str) -> Owned | None:
        """The operation that a route is for: the one that its tags name, or else any."""
        public = [each for each in self._met(route, method) if not each.operation.internal]
        said = route.operations.get(method)
        return next((o for o in public if o.operation.id == said), next(iter(public), None))

    def _misnamed(self, route: Route, method: str) -> Iterator[str]:
        named = self._named(route, method)
        if named and route.operations.get(method) != named.operation.id:
            yield (
                f"{named.operation} is {named.operation.id}. {_IN} {route.name}:\n"
                f"{advice.tag_line(route, named.operation)}"
            )

    def _let_through(self, route: Route, method: str) -> Iterator[str]:
        named = self._named(route, method)
        extra = _paths(route) - named.paths if named else _paths(route)
        for each in self._met(route, method):
            if each.operation.internal:
                path = shortest(extra & each.paths)
                yield (
                    f"{each.operation} is internal, but the route {route.name} lets it through, as "
                    f"{method} {path}"
                )
                extra -= each.paths
        path = shortest(extra)
        if path is not None:
            others = (each for each in self._met(route, method) if path in each.paths)
            whose = next((f"is {each.operation.id}'s" for each in others), "no operation has")
            yield (
                f"{_place(route)}: {self.name}: the route {route.name} takes {method} {path}, "
                f"which {whose}"
            )
