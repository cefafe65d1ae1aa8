"""`docs/alerts.md`: every alert, from the rules that Prometheus reads."""

import re
from pathlib import Path
from typing import Any

import yaml

PATH = Path("docs", "alerts.md")
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ \$value[^}]*\}\}")
_RULES = Path("deploy", "observability", "rules.yml")

_HEAD = """\
# Alerts

<!-- Written by `make docs` from deploy/observability/rules.yml. Do not edit. -->

Each alert fires when its condition has held for the time that is given, and names what to do first.
Its name leads to the rest. [Observability](observability.md) says how alerts are tested.

| alert | severity | after | what a person reads | what to do |
| --- | --- | --- | --- | --- |
"""


def alerts_reference(root: Path) -> str:
    """The page for the repository `root`."""
    groups = yaml.safe_load((root / _RULES).read_text("utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return _HEAD + "".join(map(_row, rules))


def _row(rule: dict[str, Any]) -> str:
    said = rule["annotations"]
    # As people know placeholders: `{{ $labels.job }}` is JOB, and the value is N.
    summary = _LABEL.sub(lambda found: found[1].upper(), said["summary"])
    summary = _VALUE.sub("N", summary)
    cells = (
        f"[{rule['alert']}]({said['runbook'].removeprefix('docs/')})",
        rule["labels"]["severity"],
        rule.get("for", "at once"),
        summary,
        said["action"],
    )
    return f"| {' | '.join(map(str, cells))} |\n"
