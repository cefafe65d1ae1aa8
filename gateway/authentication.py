"""What a route asks callers for."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from gateway.yaml_fields import Field


class Authentication(StrEnum):
    """What a caller must send. Each is a file `NAME.yaml` of this folder: the plugins that ask."""

    OPEN = "open"
    """Nothing. Who sends a right key or token is known by it, and whoever else is nobody."""
    KEY = "key"
    """A key in its header."""
    TOKEN = "token"  # noqa: S105 - no password
    """A signed JWT in `Authorization: Bearer`."""
    KEY_OR_TOKEN = "key_or_token"  # noqa: S105
    """One of them; where both are right, the token says who calls."""
    KEY_AND_TOKEN = "key_and_token"  # noqa: S105
    """Both of them; the key says who calls."""

    @property
    def needs_key(self) -> bool:
        """Whether nobody gets in without a key."""
        return self in (self.KEY, self.KEY_AND_TOKEN)

    @property
    def needs_token(self) -> bool:
        """Whether nobody gets in without a token."""
        return self in (self.TOKEN, self.KEY_AND_TOKEN)


REFUSED = ("_without_key", "_without_token", "_without_either")
"""Consumers that stand for whoever has not got what is asked for."""

_ANONYMOUS: Mapping[Authentication, Mapping[str, str]] = {
    Authentication.OPEN: {"jwt": "_anonymous", "key-auth": "_anonymous"},
    Authentication.KEY: {"key-auth": "_without_key"},
    Authentication.TOKEN: {"jwt": "_without_token"},
    Authentication.KEY_OR_TOKEN: {"jwt": "_without_either", "key-auth": "_without_either"},
    Authentication.KEY_AND_TOKEN: {"jwt": "", "key-auth": ""},
}
"""The plugins that ask, and the consumer that stands for whoever has not got it, if any does."""


def asked_by(plugins: Iterable[Field], route: Field, *, asks: bool) -> Authentication:
    """What the plugins of a route ask for, if the gateway `asks` at all.

    Raises ConfigurationError where that is none of what is known here.
    """
    found = {}
    for plugin in plugins:
        plugin["enabled"].must_be(asks)
        name, config = plugin["name"].text(), plugin["config"]
        if name == "key-auth":
            config["hide_credentials"].must_be(True)  # noqa: FBT003 - a value of the file
            config["key_in_query"].must_be(False)  # noqa: FBT003
            config["key_in_body"].must_be(False)  # noqa: FBT003
        found[name] = config["anonymous"].text() if "anonymous" in config else ""
    for known, anonymous in _ANONYMOUS.items():
        if found == anonymous:
            return known
    files = ", ".join(f"${{{each}.yaml}}" for each in Authentication)
    raise route["plugins"].error(f"must be one of {files}")


def key_auth_of_unknown(root: Field) -> Field:
    """The plugin that asks for a key on the route of the gateway's own, where methods.lua answers.

    Raises ConfigurationError where that route asks for anything but a key or a token.
    """
    (route,) = root["routes"]
    answers, *asking = route["plugins"]
    answers["name"].must_be("post-function")
    asks = bool(asking) and asking[-1]["enabled"].flag()
    if asked_by(asking, route, asks=asks) is not Authentication.KEY_OR_TOKEN:
        raise route["plugins"].error("must ask for a key or a token")
    return asking[-1]
