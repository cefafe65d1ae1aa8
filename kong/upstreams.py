"""The gateway's names of services: their upstreams, and the settings that say where they are.

`kong.yml.template` and `services.txt`, which docker-entrypoint.sh reads, are made from this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import jinja2

from services.declaration import Service, System
from services.reading import declared

TEMPLATE = "kong/kong.yml.template"
SERVICES = "kong/services.txt"
_BEGIN = "  # Made from services.yaml by `make generate`, as far as the next comment like this.\n"
_END = "  # Down to here.\n"


def name_of(process: str) -> str:
    """What a process or service is called in kong.yml.template."""
    return process.replace("-", "_")


def kong_service(service: Service) -> str:
    """The name of the service in kong.yml.template whose routes lead to a service."""
    return f"kong_{name_of(service.name)}"


def target_variable(process: str) -> str:
    """The setting that says where a process is."""
    return f"{name_of(process).upper()}_TARGET"


@dataclass(frozen=True)
class SplitNames:
    """What the split is about: whose requests, by which upstream's weights, and where they go.

    `versions` has the upstream of each version, `processes` the process, by the version's name; the
    version that P is the share of is the first.
    """

    service: str
    upstream: str
    versions: Mapping[str, str]
    processes: Mapping[str, str]

    @property
    def first(self) -> str:
        """The version that gets P percent."""
        return next(iter(self.versions))


def split_names(system: System | None = None) -> SplitNames:
    """The names of the service that is split."""
    service = next(each for each in system or declared() if each.split)
    return SplitNames(
        kong_service(service),
        f"{name_of(service.name)}_upstream",
        {each.name: f"{name_of(each.process)}_upstream" for each in service.versions},
        {each.name: each.process for each in service.versions},
    )


class _Sources(Protocol):
    """What the specs are read into."""

    @property
    def root(self) -> Path:
        """The repository."""

    @property
    def declared(self) -> System:
        """Its services."""


def upstreams(sources: _Sources) -> dict[str, str]:
    """The template with the upstreams of all services, and the list for the entry point."""
    text = (sources.root / TEMPLATE).read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - this is no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = environment.get_template("upstreams.yml.j2").render(
        system=sources.declared, name_of=name_of, target_variable=target_variable
    )
    listed = "".join(f"{line}\n" for line in _lines(sources.declared))
    block = f"{_BEGIN}{made.rstrip()}\n{_END}"
    return {TEMPLATE: f"{before}{block}{after}", SERVICES: listed}


def _lines(system: System) -> Iterator[str]:
    yield "# Made from services.yaml: each service, the setting of its split or -, its processes."
    for service in system:
        yield " ".join((service.name, service.split or "-", *service.processes))
