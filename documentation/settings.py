"""What the site is told by the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_URL = re.compile(r"https?://[^\s/,]+(/[^\s,]*)?")
_LOCAL = "http://127.0.0.1:8000"
"""The gateway of `make up`."""


class SiteSettingsError(Exception):
    """A variable cannot be right; the message names it."""


@dataclass(frozen=True)
class SiteSettings:
    """`servers` are the addresses that the API pages name; `repository` is where sources are read.

    Without `repository` a link to a source file is its name alone.
    """

    servers: tuple[str, ...]
    repository: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The settings `environment` holds; raises SiteSettingsError.

        API_SERVERS: the addresses that the API pages name, separated by commas
        REPOSITORY_URL: where the repository is browsed; links to source files lead there
        """
        servers = environment.get("API_SERVERS") or _LOCAL
        repository = environment.get("REPOSITORY_URL", "")
        for name, value in (("API_SERVERS", servers), ("REPOSITORY_URL", repository)):
            for url in value.split(",") if value else ():
                if not _URL.fullmatch(url):
                    raise SiteSettingsError(f"{name}: {url!r} is not an http or https address")
        return cls(tuple(servers.split(",")), repository.rstrip("/"))
