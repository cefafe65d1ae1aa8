"""What Prometheus scrapes in Docker Compose, the rules that name services, and the dashboard."""

import json
from collections.abc import Iterator, Mapping

from generate.compose import PORT
from generate.sources import Sources
from observability.dashboard import declared_dashboard, for_grafana
from observability.scraping import (
    EXPORTER,
    GATEWAY,
    PROMETHEUS,
    RABBITMQ,
    Json,
    configuration,
    jobs,
)
from openapi.description import Description
from services.blocks import with_blocks
from services.declaration import Service

_FOLDER = "deploy/observability"
_RULES = f"{_FOLDER}/rules.yml"

_TARGETS: Mapping[str, str] = {
    GATEWAY: "kong-status:8007",
    RABBITMQ: "rabbitmq:15692",
    EXPORTER: f"exporter:{PORT}",
    PROMETHEUS: "localhost:9090",
}
"""Where the parts that are no services answer `/metrics`."""

_HEAD = "# Made from services.yaml by `make generate`. Do not edit.\n"


def observability(sources: Sources) -> Mapping[str, str]:
    """The files, by their paths."""
    system = sources.declared
    absent = (f'          or absent(up{{job="{job}"}})\n' for job in jobs(system))
    split = [
        _requests(service, description)
        for service, description in sources.services()
        if service.split
    ]
    return {
        f"{_FOLDER}/grafana/aware.json": json.dumps(for_grafana(declared_dashboard()), indent=1)
        + "\n",
        f"{_FOLDER}/prometheus.yml": _HEAD + configuration(system, _discovery),
        _RULES: with_blocks(
            sources.root,
            _RULES,
            {
                "jobs": "".join(absent),
                "splits": "          or\n".join(split) or "          vector(0) > 0\n",
            },
        ),
    }


def _discovery(name: str) -> Json:
    """By a name that has an address for each replica, where it is a service's process."""
    if name in _TARGETS:
        return {"static_configs": [{"targets": [_TARGETS[name]]}]}
    return {"dns_sd_configs": [{"names": [name], "type": "A", "port": PORT}]}


def _requests(service: Service, description: Description) -> str:
    """The rate of a service's requests that the gateway has routes to, by version."""
    public = "|".join(sorted(_public(description)))
    labels = f'job=~"{"|".join(service.processes)}", operation=~"{public}"'
    rate = f"rate(http_request_duration_seconds_count{{{labels}}}[10m])"
    named = f'label_replace({rate}, "service", "{service.name}", "", "")'
    return f"          sum by (service, version) ({named})\n"


def _public(description: Description) -> Iterator[str]:
    return (each.id for each in description.operations if not each.internal)
