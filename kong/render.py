"""Fills in kong.yml.template, as docker-entrypoint.sh does in the image, and checks the result."""

import json
import re
from pathlib import Path

from kong.configuration import Configuration, parse
from kong.errors import ConfigurationError
from kong.settings import GatewaySettings

TEMPLATE = Path(__file__).with_name("kong.yml.template")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_TARGETS = re.compile(
    r"^( *)- target: (\S+,\S+)\n((?: *weight: \d+\n)(?: *tags: .*\n)?)", re.MULTILINE
)


def render(
    settings: GatewaySettings, p: int, template: Path | None = None
) -> tuple[str, Configuration]:
    """The text of kong.yml with `p` percent of the user requests for version 1, and what it says.

    Raises ConfigurationError, naming the variable or the field, where the template does not give
    a configuration the gateway can be handed.
    """
    text = _fill_in((template or TEMPLATE).read_text(), _variables(settings, p))
    text = _TARGETS.sub(_apart, text)
    return text, parse(text)


def _variables(settings: GatewaySettings, p: int) -> dict[str, str]:
    return {
        "USER_SERVICE_V1_TARGET": ",".join(settings.user_service_v1),
        "USER_SERVICE_V2_TARGET": ",".join(settings.user_service_v2),
        "ORDER_SERVICE_TARGET": settings.order_service,
        "USER_SERVICE_V1_WEIGHT": str(p),
        "USER_SERVICE_V2_WEIGHT": str(100 - p),
        "USER_SERVICE_BACKUP_WEIGHT": str(int(0 < p < 100)),  # noqa: PLR2004 - percent
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
    """Several targets in one item of the list become an item each, the same but for that."""
    indent, targets, rest = item.groups()
    return "".join(f"{indent}- target: {target}\n{rest}" for target in targets.split(","))
