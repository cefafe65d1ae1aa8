"""The profile `observability`: Prometheus beside the system, on a real engine."""

import json
from collections.abc import Iterator

import httpx
import pytest
import yaml

from local.ports import free_port
from observability.dashboard import declared_dashboard
from observability.scraping import jobs
from services.reading import declared
from storage.client import Json
from tests.compose.engine import OBSERVERS, ROOT, Compose, has_images
from tests.waiting import until

_FOLDER = ROOT / "deploy" / "observability" / "grafana"


@pytest.fixture(scope="module")
def prometheus(system: Compose) -> Iterator[httpx.Client]:
    """A client of Prometheus; Grafana is started where its image can be had."""
    project = system.set(PROMETHEUS_PORT=str(free_port()), GRAFANA_PORT=str(free_port()))
    started = ("exporter", "prometheus") if has_images() else OBSERVERS
    project("--profile", "observability", "up", "--build", "--wait", "--no-deps", *started)
    url = f"http://127.0.0.1:{project.variables['PROMETHEUS_PORT']}"
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            yield client
    finally:
        project("--profile", "observability", "rm", "--stop", "--force", *started)


def _found(client: httpx.Client, query: str) -> list[Json]:
    answer = client.get("/api/v1/query", params={"query": query}).json()
    found: list[Json] = answer["data"]["result"]
    return found


def test_everything_that_services_yaml_declares_is_scraped_once(
    system: Compose, prometheus: httpx.Client
) -> None:
    """Each replica by its own address; the broker, the gateway and the exporter too."""
    system("up", "--wait", "--no-build", "--no-deps", "--scale=order-service=2", "order-service")
    expected = {**dict.fromkeys(jobs(declared()), 1), "order-service": 2}

    def up() -> dict[str, int]:
        return {
            each["metric"]["job"]: int(each["value"][1])
            for each in _found(prometheus, "sum by (job) (up)")
        }

    until(lambda: up() == expected, "all targets are up")
    assert {*up().values()} == {1, 2}
    instances = _found(prometheus, 'up{job="order-service"}')
    assert len({each["metric"]["instance"] for each in instances}) == 2


def test_p_is_told_as_it_was_set(prometheus: httpx.Client) -> None:
    """The exporter reads what the gateway keeps, and no more."""
    query = 'aware_gateway_split_ratio{version="v1"}'
    (found,) = until(lambda: _found(prometheus, query), "the exporter is scraped")
    assert found["value"][1] == "0.7"


def test_the_rules_are_evaluated(prometheus: httpx.Client) -> None:
    """None of them fails."""

    def healths() -> set[str]:
        groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
        return {rule["health"] for group in groups for rule in group["rules"]}

    until(lambda: healths() == {"ok"}, "all rules were evaluated")


def test_both_are_on_loopback_and_have_a_user_who_may_nothing(configuration: Json) -> None:
    """Grafana has a password of its own."""
    for name in ("prometheus", "grafana"):
        service = configuration["services"][name]
        assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}
        assert service["user"] in {"nobody", "472"}
    known = configuration["services"]["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"]
    assert known == "laptop-grafana-admin"


def test_grafana_is_given_the_dashboard_and_where_prometheus_is(configuration: Json) -> None:
    """By files at the places that it reads; Grafana itself is not run here."""
    mounted = {
        volume["target"]: volume["source"].rpartition("/")[2]
        for volume in configuration["services"]["grafana"]["volumes"]
        if volume["type"] == "bind"
    }
    (provider,) = yaml.safe_load((_FOLDER / "dashboards.yml").read_text("utf-8"))["providers"]
    assert mounted[f"{provider['options']['path']}/aware.json"] == "aware.json"
    (source,) = yaml.safe_load((_FOLDER / "datasources.yml").read_text("utf-8"))["datasources"]
    assert source["url"] == "http://prometheus:9090"
    dashboard = json.loads((_FOLDER / "aware.json").read_text("utf-8"))
    graphs = [each for each in dashboard["panels"] if each["type"] == "timeseries"]
    assert [each["title"] for each in graphs] == [
        each.title for each in declared_dashboard().panels
    ]
    assert {each["datasource"]["uid"] for each in graphs} == {source["uid"]}
    places = [each["gridPos"] for each in dashboard["panels"]]
    assert len({(each["x"], each["y"]) for each in places}) == len(places)
