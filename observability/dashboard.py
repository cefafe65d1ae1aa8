"""The dashboard: its panels as they are declared, and Grafana's file of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_DECLARATION = Path(__file__).with_name("dashboard.yaml")
_SCHEMA_VERSION = 39
"""Of Grafana 10 and 11, which later ones read too."""

_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
"""As deploy/observability/grafana/datasources.yml names it."""

_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 24

Json = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """A query in PromQL; `legend` names a line by its labels, as in `{{job}}`."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A graph over time; `unit` is Grafana's name of it."""

    title: str
    unit: str
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class Row:
    """Panels under a title."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """All of them."""

    title: str
    rows: tuple[Row, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Each, from the first row on."""
        return tuple(panel for row in self.rows for panel in row.panels)


def declared_dashboard() -> Dashboard:
    """What `dashboard.yaml` declares."""
    read = yaml.safe_load(_DECLARATION.read_text("utf-8"))
    return Dashboard(read["title"], tuple(map(_row, read["rows"])))


def _row(read: Json) -> Row:
    panels = (
        Panel(each["title"], each["unit"], tuple(Query(**query) for query in each["queries"]))
        for each in read["panels"]
    )
    return Row(read["title"], tuple(panels))


def for_grafana(dashboard: Dashboard) -> Json:
    """Grafana's model of a dashboard, two panels side by side."""
    panels: list[Json] = []
    y = 0
    for row in dashboard.rows:
        place = {"h": 1, "w": _COLUMNS, "x": 0, "y": y}
        panels.append({"type": "row", "title": row.title, "gridPos": place, "panels": []})
        y += 1
        for number, panel in enumerate(row.panels):
            x = number * _WIDTH % _COLUMNS
            panels.append(_graph(panel, {"h": _HEIGHT, "w": _WIDTH, "x": x, "y": y}))
            if x or panel is row.panels[-1]:
                y += _HEIGHT
    return {
        "uid": "aware",
        "title": dashboard.title,
        "schemaVersion": _SCHEMA_VERSION,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _graph(panel: Panel, place: Json) -> Json:
    return {
        "type": "timeseries",
        "title": panel.title,
        "gridPos": place,
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _DATASOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
            }
            for number, query in enumerate(panel.queries)
        ],
    }
