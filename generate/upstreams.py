"""The gateway's upstreams, and the list of services that its docker-entrypoint.sh reads."""

from collections.abc import Iterator

from gateway.splits import name_of, target_variable
from generate.sources import Sources
from generate.templates import filled
from services.blocks import with_blocks
from services.declaration import System

TEMPLATE = "kong/kong.yml.template"
SERVICES = "kong/services.txt"


def upstreams(sources: Sources) -> dict[str, str]:
    """The template with the upstreams of all services, and the list for the entry point."""
    made = filled(
        "upstreams.yml.j2",
        system=sources.declared,
        name_of=name_of,
        target_variable=target_variable,
    )
    listed = "".join(f"{line}\n" for line in _lines(sources.declared))
    text = with_blocks(sources.root, TEMPLATE, {"upstreams": made})
    return {TEMPLATE: text, SERVICES: listed}


def _lines(system: System) -> Iterator[str]:
    yield "# Made from services.yaml: each service, the setting of its split or -, its processes."
    for service in system:
        yield " ".join((service.name, service.split or "-", *service.processes))
