"""Whose APIs, with which key, in which registry: from the environment."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generate.node import install_packages

_OWNER, _KEY, _URL = "SWAGGERHUB_OWNER", "SWAGGERHUB_API_KEY", "SWAGGERHUB_URL"


class SwaggerHubError(Exception):
    """Publishing cannot go on; the message is one line, and never holds the key."""


@dataclass(frozen=True)
class Settings:
    """`owner` is a user or an organisation there; `url` has no slash at its end."""

    owner: str
    key: str = field(repr=False)
    url: str

    def environment(self) -> dict[str, str]:
        """The variables that the command line takes key and address from."""
        return {_KEY: self.key, _URL: self.url}


def settings(environment: Mapping[str, str], root: Path) -> Settings:
    """Read them; the address is that of the command line's own defaults where none is given.

    SWAGGERHUB_OWNER: the user or organisation that owns the APIs
    SWAGGERHUB_API_KEY: a key of somebody who may write there
    SWAGGERHUB_URL: another registry than SwaggerHub's own; an address that ends in `/v1`

    Raises:
        SwaggerHubError: One is missing, or cannot be right; all missing ones are named.
        NodeError: The command line, whose defaults are asked for, cannot be had.
    """
    missing = [name for name in (_OWNER, _KEY) if not environment.get(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SwaggerHubError(f"{' and '.join(missing)} {verb} not set")
    owner, key = environment[_OWNER], environment[_KEY]
    url = (environment.get(_URL) or _default_url(root)).rstrip("/")
    if not re.fullmatch(r"[\w.-]+", owner, re.ASCII):
        raise SwaggerHubError(f"{_OWNER} is {owner!r}; it has letters, digits, '.', '_' and '-'")
    if not re.fullmatch(r"[!-~]+", key):
        raise SwaggerHubError(f"{_KEY} has characters that no key has (a space? a line's end?)")
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        raise SwaggerHubError(f"{_URL} is {url!r}; it must be an http or https address")
    return Settings(owner, key, url)


def _default_url(root: Path) -> str:
    install_packages(root)
    package = root / "node_modules" / "swaggerhub-cli" / "package.json"
    defaults = json.loads(package.read_text("utf-8"))["oclif"]["configDefaults"]
    return str(defaults[_URL])
