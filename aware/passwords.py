"""Passwords that everybody knows."""

import os

from gateway.addresses import is_loopback
from settings.environment import Environment, SettingError

_KNOWN = "laptop-"
"""How the passwords in `.env.example` begin."""


def refuse_known_passwords() -> None:
    """Raise SettingError where a password is one of `.env.example`, and strangers may try it.

    GATEWAY_ADDRESS says where clients reach the gateway: only this machine, where it is not set.
    """
    given = Environment()
    address = given.text("GATEWAY_ADDRESS", "localhost")
    if is_loopback(address):
        return
    for name in sorted({each.removesuffix("_FILE") for each in os.environ}):
        if name.endswith("_PASSWORD") and given.secret(name, "").startswith(_KNOWN):
            raise SettingError(
                f"{name} is one of .env.example, which everybody knows: not where the gateway is "
                f"reached beyond loopback ({address})"
            )
