"""A running system is broken on purpose: each alert fires on a real Prometheus, and resolves."""

import math
import re
import time
from collections.abc import Iterator

import pytest
import yaml

from local.prometheus import RULES_FILE
from observability.dashboard import Panel, declared_dashboard
from observability.scraping import jobs
from services.reading import declared
from tests.observability.faults import FAULTS, Fault
from tests.observability.system import Observed, hurried, observed
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.prometheus]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Observed, with a backup, and with no alert."""
    with observed(tmp_path_factory.mktemp("observed"), extra={}) as found:
        until(lambda: found.fires("BackupTooOld"), "no backup is an alert")
        found.back_up()
        until(lambda: not found.firing(), "a system that is well has no alert")
        yield found


def test_every_job_is_scraped(system: Observed) -> None:
    """All that services.yaml declares, and the other parts."""
    up = {each["metric"]["job"]: each["value"][1] for each in system.query("up")}
    assert up == dict.fromkeys(jobs(declared()), "1")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_an_alert_fires_while_something_is_broken_and_resolves(
    system: Observed, fault: Fault
) -> None:
    """Those of the fault among others; afterwards none."""
    until(lambda: not system.firing(), "the system is well")
    with fault(system):
        for alert in FAULTS[fault]:
            until(lambda alert=alert: system.fires(alert), f"{alert} fires")  # type: ignore[misc]
    until(lambda: not system.firing(), f"nothing fires, but {system.firing()} did")


@pytest.mark.parametrize("panel", declared_dashboard().panels, ids=lambda each: each.title)
def test_every_query_of_the_dashboard_has_an_answer(system: Observed, panel: Panel) -> None:
    """With the figures of what was broken above, or of what is well."""
    for query in panel.queries:
        found = system.query(hurried(query.expr), start=system.began, end=time.time(), step=2)
        assert found, query.expr
        values = [float(value) for series in found for _, value in series["values"]]
        assert any(map(math.isfinite, values)), query.expr
        for label in re.findall(r"{{(\w+)}}", query.legend):
            assert all(label in series["metric"] for series in found), (query.legend, found[0])


def test_every_alert_is_caused_by_a_fault() -> None:
    """And each fault causes one that there is."""
    groups = yaml.safe_load(RULES_FILE.read_text("utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    assert {alert for those in FAULTS.values() for alert in those} == alerts
