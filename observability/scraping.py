"""What Prometheus scrapes, from the declaration of the services."""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from services.declaration import System

Json = dict[str, Any]

GATEWAY, RABBITMQ, EXPORTER, PROMETHEUS = "gateway", "rabbitmq", "exporter", "prometheus"

_QUEUES = f"{RABBITMQ}-queues"
"""The broker's figures of each queue, which it gives apart from those of all together."""

RULES = "rules.yml"
"""The file of the rules, beside Prometheus' own."""


def jobs(system: System) -> tuple[str, ...]:
    """The names of all jobs: a process of `services.yaml` each, and the other parts."""
    return (*system.ports, GATEWAY, RABBITMQ, _QUEUES, EXPORTER, PROMETHEUS)


def configuration(
    system: System, discovery: Callable[[str], Json], scrape_interval: str = "15s"
) -> str:
    """Prometheus' configuration file.

    Args:
        system: All services.
        discovery: How Prometheus finds a process, or one of the other parts, by its name.
        scrape_interval: How often it looks, and evaluates the rules.
    """
    special: Mapping[str, Json] = {
        _QUEUES: {
            "metrics_path": "/metrics/detailed",
            "params": {"family": ["queue_coarse_metrics", "queue_consumer_count"]},
        }
    }
    scraped = [
        {
            "job_name": job,
            **special.get(job, {}),
            **discovery(RABBITMQ if job == _QUEUES else job),
        }
        for job in jobs(system)
    ]
    text: str = yaml.safe_dump(
        {
            "global": {
                "scrape_interval": scrape_interval,
                "scrape_timeout": scrape_interval,
                "evaluation_interval": scrape_interval,
            },
            "rule_files": [RULES],
            "scrape_configs": scraped,
        },
        sort_keys=False,
    )
    return text
