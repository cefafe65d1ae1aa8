"""Do the gateway's routes let through what the specs publish, and nothing else?"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kong.configuration import Configuration, Route, Service

SPECS: Mapping[str, Path] = {
    "kong_user_service": Path(__file__).parent.parent / "specs" / "user.yaml",
    "kong_order_service": Path(__file__).parent.parent / "specs" / "order.yaml",
}
"""Which service answers for which spec."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Operation:
    """An operation of a spec: `id` is its operationId, `path` a template, as `/users/{id}`."""

    id: str
    service: str
    method: str
    path: str
    public: bool

    @property
    def example(self) -> str:
        """The path with an id filled in."""
        return _PARAMETER.sub("an-Id_1", self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(service: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of an OpenAPI document; `x-internal` ones are not public."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                internal = item[method].get("x-internal", item.get("x-internal", False))
                yield Operation(
                    item[method].get("operationId", ""),
                    service,
                    method.upper(),
                    path,
                    public=not internal,
                )


def all_operations(specs: Mapping[str, Path] = SPECS) -> tuple[Operation, ...]:
    """Every operation of all specs."""
    return tuple(
        operation
        for service, path in specs.items()
        for operation in operations(service, yaml.safe_load(path.read_text()))
    )


def disagreements(configuration: Configuration, published: Iterable[Operation]) -> tuple[str, ...]:
    """What is to be changed in kong.yml.template, a message each; none where all agree."""
    published = tuple(published)
    return (
        *(m for operation in published for m in _of_operation(configuration, operation)),
        *(
            f"{service.name}: the route {route.name} takes {method} {route.patterns[0]}, "
            "which no public operation needs"
            for service in configuration.services
            for route in service.routes
            for method in route.methods
            if not _needed(service, route, method, published)
        ),
    )


def _of_operation(configuration: Configuration, operation: Operation) -> Iterator[str]:
    taking = [
        (service, route)
        for service in configuration.services
        for route in service.routes
        if any(route.matches(operation.method, path) for path in _spellings(operation))
    ]
    for service, route in taking:
        if not operation.public:
            yield f"{operation} is internal, but the route {route.name} lets it through"
        elif service.name != operation.service:
            yield f"{operation} goes to {service.name}, not to {operation.service}"
        elif not all(route.matches(operation.method, path) for path in _spellings(operation)):
            yield f"{operation}: the route {route.name} must take it with and without a last /"
        elif route.operations.get(operation.method) != operation.id:
            yield (
                f"{operation} is {operation.id}. In kong/kong.yml.template, in {route.name}:\n"
                f"        tags: [{_tags(route, operation)}]"
            )
    if operation.public and not taking:
        yield _missing(configuration, operation)


def _missing(configuration: Configuration, operation: Operation) -> str:
    """What to write into the template, so that the operation passes."""
    for service in configuration.services:
        for route in service.routes:
            alike = any(route.matches(method, operation.example) for method in route.methods)
            if service.name == operation.service and alike:
                methods = ", ".join((*route.methods, operation.method))
                return (
                    f"{operation} has no route. In kong/kong.yml.template, in {route.name}:\n"
                    f"        tags: [{_tags(route, operation)}]\n"
                    f"        methods: [{methods}]"
                )
    pattern = _PARAMETER.sub(r"(?<\1>[A-Za-z0-9_-]+)", operation.path.rstrip("/"))
    words = [word for word in re.split(r"\W+", _PARAMETER.sub("", operation.path)) if word]
    name = "_".join((operation.service.removeprefix("kong_"), *words, operation.method.lower()))
    return (
        f"{operation} has no route. In kong/kong.yml.template, under {operation.service}:\n"
        f"      - name: {name}_route\n"
        f"        tags: [{operation.method}={operation.id}]\n"
        f"        paths:\n"
        f"          - '~{pattern}/?$'\n"
        f"        methods: [{operation.method}]\n"
        f"        strip_path: false\n"
        f"        preserve_host: true"
    )


def _tags(route: Route, operation: Operation) -> str:
    operations = {**route.operations, operation.method: operation.id}
    return ", ".join(f"{method}={name}" for method, name in operations.items())


def _needed(service: Service, route: Route, method: str, published: Iterable[Operation]) -> bool:
    return any(
        operation.public
        and operation.service == service.name
        and operation.method == method
        and route.matches(method, operation.example)
        for operation in published
    )


def _spellings(operation: Operation) -> tuple[str, str]:
    bare = operation.example.rstrip("/")
    return bare, bare + "/"
