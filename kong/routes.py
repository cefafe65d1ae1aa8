"""Do the gateway's routes let through what the specs publish, and nothing else?"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kong.authentication import Authentication
from kong.configuration import Configuration, Route
from kong.configuration import Service as KongService
from kong.upstreams import kong_service
from openapi.description import Operation
from openapi.names import identifier
from openapi.reading import load_description
from services.declaration import Service, System
from services.reading import declared

Operations = Mapping[str, tuple[Operation, ...]]
"""The operations of each service, by the name of the service in kong.yml.template."""

Asked = Mapping[tuple[str, str], Authentication]
"""What callers have to be asked for, by an operation's method and path."""

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def specs(system: System | None = None) -> Mapping[str, Path]:
    """Which service answers for which spec, by the names in kong.yml.template."""
    return {kong_service(each): each.spec for each in system or declared()}


def all_operations(files: Mapping[str, Path] | None = None) -> Operations:
    """Every operation of all specs, or of some.

    Raises:
        InvalidDocumentError: A spec is not sound.
    """
    found = specs() if files is None else files
    return {service: load_description(path).operations for service, path in found.items()}


def harmless(service: Service) -> tuple[str, str] | None:
    """Method and path of a request without a body that changes nothing, if a service has one.

    It is a GET, or is refused because a body is required.

    Raises:
        InvalidDocumentError: The spec is not sound.
    """
    public = [each for each in load_description(service.spec).operations if not each.internal]
    for each in sorted(public, key=lambda each: each.method != "GET"):
        if each.method == "GET" or (each.body is not None and each.body.required):
            return each.method, example(each)
    return None


def example(operation: Operation) -> str:
    """The path of an operation with an id filled in."""
    return _PARAMETER.sub("an-Id_1", operation.path)


def disagreements(
    configuration: Configuration, published: Operations, asked: Asked
) -> tuple[str, ...]:
    """What is to be changed in kong.yml.template, a message each; none where all agree.

    Of operations that are not in `asked` only the routes are compared.
    """
    known = {service.name for service in configuration.services}
    return (
        *(
            message
            for service, operations in published.items()
            for operation in operations
            if service in known
            for message in _of_operation(configuration, service, operation, asked)
        ),
        *(
            _missing_service(configuration, service, operations, asked)
            for service, operations in published.items()
            if service not in known and not all(each.internal for each in operations)
        ),
        *(
            f"{service.name}: the route {route.name} takes {method} {route.patterns[0]}, "
            "which no public operation needs"
            for service in configuration.services
            for route in service.routes
            for method in route.methods
            if method != "HEAD"  # which is beside GET, and goes with it
            and not _needed(service, route, method, published)
        ),
    )


def _of_operation(
    configuration: Configuration, owner: str, operation: Operation, asked: Asked
) -> Iterator[str]:
    asks = asked.get((operation.method, operation.path))
    taking = [
        (service, route)
        for service in configuration.services
        for route in service.routes
        if any(route.matches(operation.method, path) for path in _spellings(operation))
    ]
    for service, route in taking:
        if operation.internal:
            yield f"{operation} is internal, but the route {route.name} lets it through"
        elif service.name != owner:
            yield f"{operation} goes to {service.name}, not to {owner}"
        elif not all(route.matches(operation.method, path) for path in _spellings(operation)):
            yield f"{operation}: the route {route.name} must take it with and without a last /"
        elif route.operations.get(operation.method) != operation.id:
            yield (
                f"{operation} is {operation.id}. In kong/kong.yml.template, in {route.name}:\n"
                f"        tags: [{_tags(route, operation)}]"
            )
        elif asks and asks is not route.authentication:
            yield (
                f"{operation}: its security is {asks}, and the route {route.name} asks for "
                f"{route.authentication}. In kong/kong.yml.template, in that route, or in one of "
                f"its own where others of that route are to stay as they are:\n{_plugins(asks)}"
            )
    if not operation.internal and not taking:
        yield _missing(configuration, owner, operation, asks or Authentication.KEY)


def _plugins(asks: Authentication) -> str:
    return f"        plugins:\n          ${{{asks}.yaml}}"


def _missing(
    configuration: Configuration, owner: str, operation: Operation, asks: Authentication
) -> str:
    """What to write into the template, so that the operation passes."""
    for service in configuration.services:
        for route in service.routes:
            alike = any(route.matches(method, example(operation)) for method in route.methods)
            if service.name == owner and alike and route.authentication is asks:
                methods = ", ".join((*route.methods, *_methods(operation)))
                return (
                    f"{operation} has no route. In kong/kong.yml.template, in {route.name}:\n"
                    f"        tags: [{_tags(route, operation)}]\n"
                    f"        methods: [{methods}]"
                )
    return (
        f"{operation} has no route. In kong/kong.yml.template, under {owner}:\n"
        f"{_route(owner, [operation], asks)}"
    )


def _missing_service(
    configuration: Configuration, owner: str, operations: Iterable[Operation], asked: Asked
) -> str:
    """What to write into the template for a service that it does not know."""
    alike: dict[tuple[str, Authentication], list[Operation]] = {}
    for each in operations:
        if not each.internal:
            asks = asked.get((each.method, each.path)) or Authentication.KEY
            alike.setdefault((_pattern(each.path.rstrip("/")), asks), []).append(each)
    routes = "\n".join(_route(owner, found, asks) for (_, asks), found in alike.items())
    first = configuration.services[0]
    return (
        f"{owner} is not in kong/kong.yml.template. Under `services`, after the last one:\n\n"
        f"  - name: {owner}\n"
        f"    url: http://{owner.removeprefix('kong_')}_upstream\n"
        f"    connect_timeout: {first.connect_timeout}\n"
        f"    write_timeout: 30000\n"
        f"    read_timeout: {first.read_timeout}\n"
        f"    retries: {first.retries}\n"
        f"    routes:\n"
        f"{routes}"
    )


def _route(owner: str, operations: Sequence[Operation], asks: Authentication) -> str:
    """A route for operations at one path."""
    first = operations[0]
    words = [word for word in re.split(r"\W+", first.path) if word]
    name = "_".join((owner.removeprefix("kong_"), *words, first.method.lower()))
    tags = ", ".join(f"{each.method}={each.id}" for each in operations)
    methods = ", ".join(method for each in operations for method in _methods(each))
    return (
        f"      - name: {name}_route\n"
        f"        tags: [{tags}]\n"
        f"        paths:\n"
        f"          - '~{_pattern(first.path.rstrip('/'))}/?$'\n"
        f"        methods: [{methods}]\n"
        f"        strip_path: false\n"
        f"        preserve_host: true\n"
        f"{_plugins(asks)}"
    )


def _methods(operation: Operation) -> tuple[str, ...]:
    """The methods that an operation answers: whoever answers GET answers HEAD too."""
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)


def _pattern(path: str) -> str:
    """The regular expression of a path's template."""
    literal, *rest = _PARAMETER.split(path)
    pattern = _escaped(literal)
    for name, literal in zip(rest[::2], rest[1::2], strict=True):
        pattern += f"(?<{identifier(name)}>[A-Za-z0-9_-]+){_escaped(literal)}"
    return pattern


def _escaped(text: str) -> str:
    return re.sub(r"[.+*?^$()|\[\]\\]", r"\\\g<0>", text)


def _tags(route: Route, operation: Operation) -> str:
    operations = {**route.operations, operation.method: operation.id}
    return ", ".join(f"{method}={name}" for method, name in operations.items())


def _needed(service: KongService, route: Route, method: str, published: Operations) -> bool:
    return any(
        not operation.internal
        and operation.method == method
        and route.matches(method, example(operation))
        for operation in published.get(service.name, ())
    )


def _spellings(operation: Operation) -> tuple[str, str]:
    bare = example(operation).rstrip("/")
    return bare, bare + "/"
