"""Debian's promtool takes the rules and the configuration, and each alert fires when it is to."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.ports import Ports
from local.prometheus import RULES_FILE, write_configuration
from messaging.topology import QUEUE_NAME, Topology
from observability.scraping import jobs
from services.reading import declared
from tests.documentation.pages import ROOT, read

pytestmark = pytest.mark.prometheus

_RULES = yaml.safe_load(RULES_FILE.read_text("utf-8"))["groups"]
_ALERTS: Mapping[str, dict[str, Any]] = {
    rule["alert"]: rule for group in _RULES for rule in group["rules"] if "alert" in rule
}
_PAGE = "docs/troubleshooting.md"

_HTTP = 'http_request_duration_seconds_count{job="order-service", version="v1"'
_BUCKET = 'http_request_duration_seconds_bucket{job="order-service", version="v1"'
_LAG = 'aware_sync_lag_seconds_bucket{job="order-consumer"'
_SPLIT = 'aware_gateway_split_ratio{service="user-service"'
_TOPOLOGY = Topology(QUEUE_NAME)
_EVENTS, _DEAD = _TOPOLOGY.updates.name, _TOPOLOGY.dead.name
_UP = {f'up{{job="{job}"}}': "1x2000" for job in jobs(declared())}


def _answered(version: str, operation: str) -> str:
    labels = f'job="user-service-{version}", version="{version}", operation="{operation}"'
    return f"http_request_duration_seconds_count{{{labels}}}"


@dataclass(frozen=True)
class Case:
    """Samples a minute; `quiet` is when the alert must not fire yet, `fires` when it must.

    Both in minutes; `labels` are its own, and `summary` is what a person reads then.
    """

    series: Mapping[str, str]
    quiet: int
    fires: int
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)


_CASES: Mapping[str, Case] = {
    "ServiceDown": Case(
        {'up{job="user-relay"}': "1x9 0x30"},
        *(10, 12),
        "user-relay does not answer GET /metrics.",
        {"job": "user-relay"},
    ),
    "HighErrorRatio": Case(
        {f'{_HTTP}, status="200"}}': "0+90x60", f'{_HTTP}, status="503"}}': "0+10x60"},
        *(4, 8),
        "order-service answers 10% of its requests with 5xx.",
        {"job": "order-service"},
    ),
    "HighLatency": Case(
        {
            f'{_BUCKET}, le="1"}}': "0+90x60",
            f'{_BUCKET}, le="2.5"}}': "0+100x60",
            f'{_BUCKET}, le="+Inf"}}': "0+100x60",
        },
        *(9, 13),
        "One of a hundred requests to order-service takes more than 2.35s.",
        {"job": "order-service"},
    ),
    "GatewayErrors": Case(
        {
            'haproxy_frontend_http_responses_total{proxy="gateway", code="2xx"}': "0+90x60",
            'haproxy_frontend_http_responses_total{proxy="gateway", code="5xx"}': "0+10x60",
        },
        *(4, 8),
        "The gateway answers 10% of all requests with 5xx.",
    ),
    "OutboxLagHigh": Case(
        {'aware_outbox_lag_seconds{job="user-relay", version="v1"}': "0 30+60x30"},
        *(3, 5),
        "user-relay has had a change to publish for 4m 30s.",
        {"job": "user-relay"},
    ),
    "EventsInvalid": Case(
        # A counter that begins at 1 never increased.
        {'aware_events_invalid_total{job="user-relay", version="v1"}': "_x20 1x60"},
        *(19, 22),
        "user-relay has changes that do not fit their event's schema.",
        {"job": "user-relay"},
    ),
    "ChangeStreamLost": Case(
        {'aware_change_stream_open{job="user-relay"}': "1x4 0x30"},
        *(6, 8),
        "user-relay has no change stream, and finds changes only every 5 s.",
        {"job": "user-relay"},
    ),
    "SyncLagHigh": Case(
        {
            f'{_LAG}, le="15"}}': "0x60",
            f'{_LAG}, le="60"}}': "0+9x60",
            f'{_LAG}, le="+Inf"}}': "0+9x60",
        },
        *(4, 8),
        "One of a hundred changes takes order-consumer longer than 59.55s.",
        {"job": "order-consumer"},
    ),
    "DependencyDown": Case(
        {'aware_dependency_up{job="user-relay", dependency="broker"}': "1x4 0x30"},
        *(6, 8),
        "user-relay cannot use its broker.",
        {"job": "user-relay", "dependency": "broker"},
    ),
    "DatabaseWithoutPrimary": Case(
        {
            'aware_dependency_up{job="user-relay", dependency="database"}': "1x4 0x30",
            'aware_dependency_up{job="order-consumer", dependency="database"}': "1x6 0x30",
        },
        *(7, 8),
        "No process reaches a primary of MongoDB.",
    ),
    "QueueBacklog": Case(
        {
            f'rabbitmq_detailed_queue_messages_ready{{queue="{_EVENTS}"}}': "2000x60",
            f'rabbitmq_detailed_queue_messages_ready{{queue="{_DEAD}"}}': "2000x60",
            **{
                f'rabbitmq_detailed_queue_messages_ready{{queue="{each.name}"}}': "2000x60"
                for each in _TOPOLOGY.retries
            },
        },
        *(9, 11),
        f"2000 messages wait in the queue {_EVENTS}.",
        {"queue": _EVENTS},
    ),
    "QueueWithoutConsumer": Case(
        {
            f'rabbitmq_detailed_queue_consumers{{queue="{_EVENTS}"}}': "1x4 0x30",
            f'rabbitmq_detailed_queue_consumers{{queue="{_DEAD}"}}': "0x30",
        },
        *(6, 8),
        f"Nobody consumes the queue {_EVENTS}.",
        {"queue": _EVENTS},
    ),
    "QueueWithoutLeader": Case(
        {
            f'rabbitmq_detailed_queue_process_reductions_total{{queue="{_EVENTS}"}}': "0+9x9 90x30",
            f'rabbitmq_detailed_queue_process_reductions_total{{queue="{_DEAD}"}}': "0+9x60",
        },
        *(16, 20),
        f"The queue {_EVENTS} has no leader, and takes no messages.",
        {"queue": _EVENTS},
    ),
    "DeadLetters": Case(
        {f'rabbitmq_detailed_queue_messages_ready{{queue="{_DEAD}"}}': "0x4 3x30"},
        *(5, 6),
        f"3 messages are dead letters in {_DEAD}.",
        {"queue": _DEAD},
    ),
    "BrokerAlarm": Case(
        {
            "rabbitmq_alarms_memory_used_watermark": "0x30",
            "rabbitmq_alarms_free_disk_space_watermark": "0x4 1x30",
        },
        *(5, 6),
        "RabbitMQ is short of memory, disk or file descriptors, and takes no messages.",
    ),
    "SplitOffTarget": Case(
        {
            _answered("v1", "update_user"): "0+30x60",
            _answered("v2", "update_user"): "0+70x60",
            # Nobody reaches this operation through the gateway.
            _answered("v1", "get_user"): "0+900x60",
            f'{_SPLIT}, version="v1"}}': "0.7x60",
            f'{_SPLIT}, version="v2"}}': "0.3x60",
        },
        *(5, 17),
        "The split of user-service is 40% off what was set.",
        {"service": "user-service"},
    ),
    "BackupTooOld": Case(
        {"aware_backup_last_success_timestamp_seconds": "0x2000"},
        *(26 * 60 + 14, 26 * 60 + 17),
        "The newest backup is older than a day, or there is none that can be read.",
    ),
}


def test_the_rules_and_the_configuration_of_compose_are_taken(tmp_path: Path) -> None:
    """As they are in the repository."""
    folder = RULES_FILE.parent
    assert "SUCCESS" in _promtool("check", "config", str(folder / "prometheus.yml"))
    write_configuration(tmp_path, Ports.free(), RULES_FILE.read_text("utf-8"))
    assert "SUCCESS" in _promtool("check", "config", str(tmp_path / "prometheus.yml"))


def test_every_alert_has_a_case() -> None:
    """And every case an alert."""
    assert _CASES.keys() == _ALERTS.keys()


@pytest.mark.parametrize("alert", _CASES)
def test_an_alert_fires_in_its_time_and_not_before(alert: str, tmp_path: Path) -> None:
    """With the durations of production, and the words that a person then reads."""
    case, rule = _CASES[alert], _ALERTS[alert]
    fired = {
        "exp_labels": {**rule["labels"], **case.labels},
        "exp_annotations": {**rule["annotations"], "summary": case.summary},
    }
    series = {**_UP, **case.series}
    tested = {
        "rule_files": [str(RULES_FILE)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": k, "values": v} for k, v in series.items()],
                "alert_rule_test": [
                    {"eval_time": f"{case.quiet}m", "alertname": alert, "exp_alerts": []},
                    {"eval_time": f"{case.fires}m", "alertname": alert, "exp_alerts": [fired]},
                ],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(tested), "utf-8")
    assert "SUCCESS" in _promtool("test", "rules", str(file))


def test_what_is_gone_altogether_is_down() -> None:
    """A container that is gone has no name, and Prometheus no target."""
    for job in jobs(declared()):
        expected = f'or absent(up{{job="{job}"}})'
        assert expected in RULES_FILE.read_text("utf-8")


@pytest.mark.parametrize("alert", _ALERTS)
def test_an_alert_names_what_to_do_and_its_runbook(alert: str) -> None:
    """A heading of the troubleshooting page."""
    annotations = _ALERTS[alert]["annotations"]
    assert annotations["action"].endswith(".")
    assert annotations["runbook"] == f"{_PAGE}#{alert.lower()}"
    assert f"\n### {alert}\n" in read(_PAGE)


def test_every_runbook_is_of_an_alert() -> None:
    """None is left of one that is gone."""
    _, alerts = read(_PAGE).split("\n## Alerts\n")
    found = re.findall(r"^### (\w+)$", alerts.split("\n## ")[0], re.MULTILINE)
    assert found == [*_ALERTS]


def test_severities_are_two() -> None:
    """Whoever routes alerts needs no third."""
    assert {each["labels"]["severity"] for each in _ALERTS.values()} == {"critical", "warning"}


def _promtool(*arguments: str) -> str:
    done = subprocess.run(
        ["promtool", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
