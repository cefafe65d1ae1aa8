"""What the site is told by the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from settings.environment import Environment

_URL = r"https?://[^\s/,]+(/[^\s,]*)?"
_URLS = re.compile(rf"{_URL}(,{_URL})*")
_REPOSITORY = re.compile(rf"({_URL})?")
_LOCAL = "http://127.0.0.1:8000"
"""The gateway of `make up`."""


@dataclass(frozen=True)
class SiteSettings:
    """`servers` are the addresses that the API pages name; `repository` is where sources are read.

    Without `repository` a link to a source file is its name alone.
    """

    servers: tuple[str, ...]
    repository: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings `environment` holds, or else the process's; raises SettingError.

        API_SERVERS: the addresses that the API pages name, separated by commas
        REPOSITORY_URL: where the repository is browsed; links to source files lead there
        """
        given = Environment(environment)
        what = "http or https addresses, separated by commas"
        servers = given.matching("API_SERVERS", _URLS, what, _LOCAL)
        what = "an http or https address"
        repository = given.matching("REPOSITORY_URL", _REPOSITORY, what, "")
        return cls(tuple(servers.split(",")), repository.rstrip("/"))
