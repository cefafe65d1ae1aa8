"""Passwords that everybody knows."""

import os

from kong.addresses import is_loopback
from processes.settings import SettingsError, secret

_KNOWN = "laptop-"
"""How the passwords in `.env.example` begin."""


def refuse_known_passwords() -> None:
    """Raise SettingsError where a password is one of `.env.example`, and strangers may try it.

    GATEWAY_ADDRESS says where clients reach the gateway: only this machine, where it is not set.
    """
    address = os.environ.get("GATEWAY_ADDRESS") or "localhost"
    if is_loopback(address):
        return
    for name in sorted({each.removesuffix("_FILE") for each in os.environ}):
        if name.endswith("_PASSWORD") and (value := secret(name)).startswith(_KNOWN):
            raise SettingsError(
                f"{name} is {value}, which everybody knows: not where the gateway is reached "
                f"beyond loopback ({address})"
            )
