"""Fills in kong.yml.template, as docker-entrypoint.sh does in the image, and checks the result."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway import KONG
from gateway.configuration import Configuration, parse
from gateway.errors import ConfigurationError
from gateway.settings import GatewaySettings
from gateway.splits import kong_service, target_variable
from gateway.weight_file import kept_weights
from services.declaration import Service
from services.reading import declared

TEMPLATE = KONG / "kong.yml.template"
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_FILE = re.compile(r"( *)\$\{([a-z_]+\.[a-z]+)\}")
_ALL = 65535
"""The highest weight: beside it, a target of weight 1 gets nothing while one of these answers."""
_NO_COLLECTOR = "http://127.0.0.1:4318"
"""Kong wants an address even where nothing is sent."""


def render(
    settings: GatewaySettings, p: int | None = None, template: Path | None = None, of: str = ""
) -> tuple[str, Configuration]:
    """The text of kong.yml, and what it says.

    With `p` percent for the first version of the service `of`, or of the first that is split;
    what is not said is as it was kept.

    Raises ConfigurationError, naming the variable or the field, where the template does not give
    a configuration the gateway can be handed.
    """
    weights = kept_weights(settings)
    if p is not None and weights:
        weights[of or next(iter(weights))] = p
    lines = _fill_in(template or TEMPLATE, _variables(settings, weights))
    text = "".join(f"{line}\n" for line in lines)
    configuration = parse(text)
    if settings.asks:
        _require_credentials(settings, configuration)
    return text, configuration


def _require_credentials(settings: GatewaySettings, configuration: Configuration) -> None:
    """Refuse a route that asks for what nobody can have."""
    for route in (each for service in configuration.services for each in service.routes):
        asks = route.authentication
        if asks.needs_key and not settings.api_keys:
            raise ConfigurationError(f"API_KEYS must be set: the route {route.name} asks for a key")
        if asks.needs_token and not settings.jwt_public_key:
            raise ConfigurationError(
                f"JWT_PUBLIC_KEY must be set: the route {route.name} asks for a token"
            )


def _variables(settings: GatewaySettings, weights: Mapping[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    splits: list[str] = []
    for service in declared():
        if service.split:
            found |= _split_targets(settings, service, weights[service.name])
            splits.append(_split(service, weights[service.name]))
        else:
            targets = _targets((settings.targets_of(service.name), "", 100))
            found[_variable(service.name)] = targets
    return found | {
        "SPLITS": ", ".join(splits),
        "CREDENTIALS_ASKED": str(settings.asks).lower(),
        "CONSUMERS": _consumers(settings),
        "JWT_SECRETS": _jwt_secrets(settings),
        "JWT_KEY_CLAIM": "iss" if settings.jwt_issuer else "alg",
        "JWT_ALGORITHM": settings.jwt_algorithm,
        "JWT_ISSUER": settings.jwt_issuer,
        "JWT_AUDIENCE": settings.jwt_audience,
        "VERSION_CALLERS": ",".join(settings.version_callers),
        "READ_ONLY_CALLERS": ",".join(settings.read_only_callers),
        "REQUEST_SIZE_LIMIT": str(settings.request_size_limit),
        "RATE_LIMIT_PER_MINUTE": str(settings.rate_limit_per_minute),
        "RATE_LIMIT_PER_SECOND": str(settings.burst),
        "TRACES_ENABLED": str(bool(settings.traces_endpoint)).lower(),
        "TRACES_ENDPOINT": settings.traces_endpoint or _NO_COLLECTOR,
        "TRACES_RATIO": settings.traces_ratio,
    }


def _split(service: Service, p: int) -> str:
    """A split as split.lua has it."""
    first, rest = (each.name for each in service.versions)
    said = f'name = "{service.name}", percent = {p}, first = "{first}", rest = "{rest}"'
    return f"{kong_service(service)} = {{{said}}}"


def _split_targets(settings: GatewaySettings, service: Service, p: int) -> dict[str, str]:
    first, rest = service.versions
    one, other = (settings.targets_of(each.process) for each in service.versions)
    backup = int(0 < p < 100)  # noqa: PLR2004 - percent
    return {
        _variable(service.name): _targets((one, first.name, p), (other, rest.name, 100 - p)),
        _variable(first.process): _targets((one, first.name, _ALL), (other * backup, rest.name, 1)),
        _variable(rest.process): _targets((other, rest.name, _ALL), (one * backup, first.name, 1)),
    }


def _variable(process: str) -> str:
    """What the template calls the targets of a process, or of all processes of a service."""
    return f"{target_variable(process)}S"


def _targets(*groups: tuple[tuple[str, ...], str, int]) -> str:
    """Targets of each group's version, if it has one, all with its weight."""
    return json.dumps(
        [
            {"target": address, "weight": weight} | ({"tags": [version]} if version else {})
            for addresses, version, weight in groups
            for address in addresses
        ]
    )


def _consumers(settings: GatewaySettings) -> str:
    """A line for each caller with a key."""
    keys: dict[str, list[dict[str, str]]] = {}
    for key in settings.api_keys:
        keys.setdefault(key.name, []).append({"key": key.key})
    return "\n  ".join(
        f"- {json.dumps({'username': name, 'keyauth_credentials': each})}"
        for name, each in keys.items()
    )


def _jwt_secrets(settings: GatewaySettings) -> str:
    algorithm = settings.jwt_algorithm
    secret = {
        "key": settings.jwt_issuer or algorithm,
        "algorithm": algorithm,
        "rsa_public_key": settings.jwt_public_key,
    }
    return json.dumps([secret] if algorithm else [])


def _fill_in(file: Path, variables: Mapping[str, str], indent: str = "") -> Iterator[str]:
    """The lines of `file`, with every variable's value, and every file of this folder it names."""

    def value(match: re.Match[str]) -> str:
        try:
            return variables[match[1]]
        except KeyError:
            raise ConfigurationError(
                f"{file.name} names {match[0]}, which is not a variable of the gateway"
            ) from None

    for line in file.read_text().splitlines():
        if found := _FILE.fullmatch(line):
            yield from _fill_in(KONG / found[2], variables, indent + found[1])
        elif line.startswith("#") or not line:
            yield line
        else:
            yield indent + _VARIABLE.sub(value, line)
