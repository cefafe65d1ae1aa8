"""Fills in kong.yml.template, as docker-entrypoint.sh does in the image, and checks the result."""

import json
import re
import socket
from pathlib import Path

from kong.configuration import Configuration, parse
from kong.errors import ConfigurationError
from kong.settings import GatewaySettings
from kong.weights import Replicas, one, weights

TEMPLATE = Path(__file__).with_name("kong.yml.template")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_TARGETS = re.compile(r"^( *)- target: (\S+,\S+)\n( *weight: \d+\n)", re.MULTILINE)


def render(
    settings: GatewaySettings, p: int, replicas: Replicas = one, template: Path | None = None
) -> tuple[str, Configuration]:
    """The text of kong.yml with `p` percent of the user requests for version 1, and what it says.

    Raises ConfigurationError, naming the variable or the field, where the template does not give
    a configuration the gateway can be handed.
    """
    text = _fill_in((template or TEMPLATE).read_text(), _variables(settings, p, replicas))
    text = _TARGETS.sub(_apart, text)
    return text, parse(text)


def addresses(target: str) -> int:
    """How many IPv4 addresses the host of `host:port` has; 1 where it cannot be resolved."""
    try:
        found = socket.getaddrinfo(target.rpartition(":")[0], None, family=socket.AF_INET)
    except OSError:
        return 1
    return len({entry[4][0] for entry in found})


def _variables(settings: GatewaySettings, p: int, replicas: Replicas) -> dict[str, str]:
    v1, v2 = weights(p, settings.user_service_v1, settings.user_service_v2, replicas)
    return {
        "USER_SERVICE_V1_TARGET": ",".join(settings.user_service_v1),
        "USER_SERVICE_V2_TARGET": ",".join(settings.user_service_v2),
        "ORDER_SERVICE_TARGET": settings.order_service,
        "USER_SERVICE_V1_WEIGHT": str(v1),
        "USER_SERVICE_V2_WEIGHT": str(v2),
        "API_KEY_REQUIRED": str(bool(settings.api_keys)).lower(),
        "API_KEY_CREDENTIALS": json.dumps([{"key": key} for key in settings.api_keys]),
        "REQUEST_SIZE_LIMIT": str(settings.request_size_limit),
        "RATE_LIMIT_PER_MINUTE": str(settings.rate_limit_per_minute),
    }


def _fill_in(template: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        try:
            return variables[match[1]]
        except KeyError:
            raise ConfigurationError(
                f"kong.yml.template names {match[0]}, which is not a variable of the gateway"
            ) from None

    lines = template.splitlines(keepends=True)
    return "".join(line if line.startswith("#") else _VARIABLE.sub(value, line) for line in lines)


def _apart(item: re.Match[str]) -> str:
    """Several targets in one item of the list become an item each, with the same weight."""
    indent, targets, weight = item.groups()
    return "".join(f"{indent}- target: {target}\n{weight}" for target in targets.split(","))
