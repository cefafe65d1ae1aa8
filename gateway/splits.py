"""The gateway's names of services: their upstreams, and the settings that say where they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.declaration import Service, System
from services.reading import declared
from settings.environment import SettingError

PAPERS_SETTING = "P_VALUE"
"""The setting of the split that the paper has."""

FIRST_SHARE = 70
"""Percent of the requests that the first of two versions begins with, where nobody says."""


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
    """What a split is about: whose requests, by which upstream's weights, and where they go.

    `name` is the service's in services.yaml, `setting` that with the percentage at the first start.
    `requests` is what people call them, as `user requests`. `versions` has the upstream of each
    version, `processes` the process, by the version's name; the version that the percentage is of
    is the first.
    """

    name: str
    setting: str
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


def splits(system: System | None = None) -> tuple[SplitNames, ...]:
    """The names of every service that is split."""
    return tuple(_names(each) for each in system or declared() if each.split)


def split_names(service: str = "") -> SplitNames:
    """The names of one of them, or of the only one.

    Raises:
        SettingError: It is not split, or there is not one alone.
    """
    known = {each.name: each for each in splits()}
    if service in known:
        return known[service]
    if not known:
        raise SettingError("no service is split: give one `versions` in services.yaml")
    if service or len(known) > 1:
        what = f"{service} is not split" if service else "several services are split"
        raise SettingError(f"{what}: name one of {', '.join(known)}")
    return next(iter(known.values()))


def _names(service: Service) -> SplitNames:
    return SplitNames(
        service.name,
        service.split,
        kong_service(service),
        f"{name_of(service.name)}_upstream",
        f"{service.api.replace('_', ' ')} requests",
        {each.name: f"{name_of(each.process)}_upstream" for each in service.versions},
        {each.name: each.process for each in service.versions},
    )
