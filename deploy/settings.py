"""The settings of the server: one file, made at the first deployment, private, never in a log."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.private import read_private, write_private

_LAPTOP = "laptop-"
_FIRST_CALLER = "back-office"
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
# Of passwords and keys alone: processes read those as they stand here.
_READ_OTHERWISE = re.compile(r"^(\w*(?:PASSWORD|API_KEYS))=.*[ \t\"'$#\\].*$", re.MULTILINE)
_DEPLOYED = {
    "GATEWAY_BIND": "0.0.0.0",  # noqa: S104 - the gateway is for everybody, with a key
    "GATEWAY_PORT": "443",
    "SEED": "false",
}


def settings(file: Path, example: Path) -> Mapping[str, str]:
    """The settings in `file`, by name; what it lacks is added, as `example` has it.

    A new password, and the first API key, are made up here. Raises DeployError, naming file and
    setting, where others may read it, where a password is one that everybody knows, or where the
    gateway would ask for no key.
    """
    text = read_private(file) if file.exists() else ""
    known = parse(text)
    lines = example.read_text().splitlines(keepends=True)
    if not text:
        write_private(file, "".join(map(_deployed, lines)))
    elif added := [
        line for line in map(_deployed, lines) if not parse(line).keys() <= known.keys()
    ]:
        write_private(file, text.rstrip("\n") + "\n" + "".join(added))
    found = parse(read_private(file))
    for name, value in found.items():
        if value.startswith(_LAPTOP):
            raise DeployError(f"{file}: {name} has the value that {example.name} shows everybody")
    if not found.get("API_KEYS"):
        raise DeployError(
            f"{file}: API_KEYS is not set. The gateway asks the world for a key: set NAME:KEY, "
            "with a key of 16 to 128 letters and digits, `openssl rand -hex 20` makes one"
        )
    for name in _READ_OTHERWISE.findall(read_private(file)):
        raise DeployError(
            f"{file}: {name} has a space, a quotation mark, $, # or a backslash in it, which "
            "Docker Compose reads in a way of its own: choose another value"
        )
    if found.get("GATEWAY_BIND", "") not in ("", _DEPLOYED["GATEWAY_BIND"]):
        raise DeployError(
            f"{file}: GATEWAY_BIND is {found['GATEWAY_BIND']}, and Swarm publishes to every "
            "address: set 0.0.0.0, and have a firewall keep others out"
        )
    named, colon, _ = found["API_KEYS"].split(",")[0].partition(":")
    first = named if colon else "key-1"
    if {first, "*"} & {*found.get("READ_ONLY_CALLERS", "").split(",")}:
        raise DeployError(
            f"{file}: READ_ONLY_CALLERS names {first}, with whose key a deployment makes its smoke "
            "test, which writes: let another key be the first of API_KEYS"
        )
    if found.get("BACKUP_COPY_TO") and not found.get("BACKUP_RECIPIENTS"):
        raise DeployError(f"{file}: BACKUP_COPY_TO is set, and BACKUP_RECIPIENTS is not")
    return found


def parse(text: str) -> dict[str, str]:
    """The variables of an environment file: NAME=value lines, `#` for comments."""
    pairs = (line.partition("=") for line in text.splitlines() if line and line[0] != "#")
    return {name: value.strip("'\"") for name, _, value in pairs if _NAME.fullmatch(name)}


def _deployed(line: str) -> str:
    """A line of the example as a server needs it."""
    name, equals, value = line.partition("=")
    if not equals or line.startswith("#"):
        return line
    if name in _DEPLOYED:
        return f"{name}={_DEPLOYED[name]}\n"
    if name == "API_KEYS":
        return f"{name}={_FIRST_CALLER}:{secrets.token_hex(20)}\n"
    if value.startswith(_LAPTOP):
        return f"{name}={secrets.token_hex(20)}\n"
    # Versions come with each deployment.
    return "" if name in ("AWARE_VERSION", "AWARE_COMMIT") else line
