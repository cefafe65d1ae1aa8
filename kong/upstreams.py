"""The gateway's names of services: their upstreams, and the settings that say where they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.declaration import Service, System
from services.reading import declared


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

    `requests` is what people call them, as `user requests`. `versions` has the upstream of each
    version, `processes` the process, by the version's name; the version that P is the share of is
    the first.
    """

    service: str
    upstream: str
    requests: str
    versions: Mapping[str, str]
    processes: Mapping[str, str]

    @property
    def first(self) -> str:
        """The version that gets P percent."""
        return next(iter(self.versions))

    @property
    def rest(self) -> str:
        """The version that gets the others."""
        return [*self.versions][-1]


def split_names(system: System | None = None) -> SplitNames:
    """The names of the service that is split."""
    service = next(each for each in system or declared() if each.split)
    return SplitNames(
        kong_service(service),
        f"{name_of(service.name)}_upstream",
        f"{service.api.replace('_', ' ')} requests",
        {each.name: f"{name_of(each.process)}_upstream" for each in service.versions},
        {each.name: each.process for each in service.versions},
    )
