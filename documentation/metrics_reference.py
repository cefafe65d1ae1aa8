"""`docs/metrics.md`: every metric of ours, from the declaration that the processes use."""

from collections.abc import Iterator
from pathlib import Path

from observability.metrics import CONSUMER, EXPORTER, LABELS, METRICS, RELAY, SERVICE

PATH = Path("docs", "metrics.md")

_HEAD = """\
# Metrics

<!-- Written by `make docs` from observability/metrics.py. Do not edit. -->

Each process of ours answers `GET /metrics` in Prometheus' text format. Units are base units.
Relays, consumers and the exporter also have the `process_…` metrics of every Prometheus client.
What RabbitMQ and the gateway expose is described by their makers. [Observability](observability.md)
has the rules, the alerts and the dashboard.
"""


def metrics_reference() -> str:
    """The page."""
    parts = [_HEAD]
    parts += ["\n".join(_table(of)) for of in (SERVICE, RELAY, CONSUMER, EXPORTER)]
    labels = [f"| `{name}` | {values} |" for name, values in LABELS.items()]
    parts += ["\n".join(["## Labels", "", "| label | values |", "| --- | --- |", *labels, ""])]
    return "\n".join(parts)


def _table(of: str) -> Iterator[str]:
    """What one kind of process exposes."""
    yield from (f"## {of[:1].upper()}{of[1:]}", "")
    yield "| metric | type | unit | labels | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for each in METRICS:
        if of in each.of:
            labels = ", ".join(f"`{label}`" for label in each.labels)
            cells = (f"`{each.name}`", each.type, each.unit, labels, each.meaning.rstrip("."))
            yield f"| {' | '.join(cells)} |"
    yield ""
