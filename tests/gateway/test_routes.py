"""The routes let through what the specs publish, and nothing else."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from aware.gateway import gateway as commands
from gateway.configuration import Configuration
from gateway.paths import example
from gateway.render import TEMPLATE, render
from gateway.routes import Published, all_apis, disagreements, specs
from gateway.settings import GatewaySettings
from gateway.splits import kong_service
from openapi.description import Operation
from services.reading import declared as system
from tests.gateway.conftest import Services
from tests.gateway.running import Running
from tests.gateway.test_passing import assert_problem

Plant = Callable[[str, str, str], Published]
EVERY = [
    (service, each, example(each, api.schemas))
    for service, api in all_apis().items()
    for each in api.operations
]
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")


@pytest.fixture
def configuration() -> Configuration:
    """What kong.yml.template says."""
    return render(GatewaySettings(p_value=50), 50)[1]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """The operations of all specs, with one more that is written into the spec of a service."""
    copied = shutil.copytree(specs()["kong_user_service"].parent, tmp_path / "specs")

    def planted(service: str, path: str, method: str) -> Published:
        spec = copied / specs()[service].name
        text = spec.read_text()
        answers = "{'200': {description: Planted}}"
        written = f"    {method}: {{operationId: planted, responses: {answers}}}\n"
        names = re.findall(r"{([^}]+)}", path)
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
        if f"\n  {path}:\n" not in text:
            written = f"  {path}:\n    parameters: {parameters}\n{written}"
            text = text.replace("paths:\n", f"paths:\n{written}", 1)
        else:
            text = text.replace(f"\n  {path}:\n", f"\n  {path}:\n{written}", 1)
        spec.write_text(text)
        return all_apis({**specs(), service: spec})

    return planted


def test_the_routes_agree_with_the_specs(configuration: Configuration) -> None:
    """Every public operation has its route, and every route its operation."""
    assert disagreements(configuration, all_apis(), {}) == ()
    assert len([each for _, each, _ in EVERY if not each.internal]) >= 7


@pytest.mark.parametrize("declared", EVERY, ids=str)
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_operation_arrives_if_it_is_public(
    gateway: Running,
    services: Services,
    declared: tuple[str, Operation, str],
    slash: str,
) -> None:
    """A public one at its service with its path and Host; an internal one is 405."""
    service, operation, path = declared
    path += slash
    answer = httpx.request(
        operation.method, f"{gateway.url}{path}", headers={"Host": "api.example"}
    )
    received = [request for each in services.by_process.values() for request in each.received]
    if operation.internal:
        assert_problem(answer, 405, "method-not-allowed")
        assert operation.method not in answer.headers["Allow"]
        assert received == []
        return
    assert answer.status_code == httpx.codes.OK
    (row,) = (each for each in system() if kong_service(each) == service)
    expected = {services.by_process[each].build for each in row.processes}
    assert answer.headers["X-Service-Version"] in expected
    (request,) = received
    assert (request.method, request.path) == (operation.method, path)
    assert request.headers["host"] == "api.example"


def test_methods_that_no_spec_has_do_not_pass(gateway: Running, services: Services) -> None:
    """On every path of the specs, all other methods are refused by the gateway itself."""
    declared = {(each.method, path) for _, each, path in EVERY if not each.internal}
    declared |= {("HEAD", path) for method, path in declared if method == "GET"}
    with httpx.Client(base_url=gateway.url) as client:
        for path in {path for _, path in declared}:
            for method in METHODS:
                if (method, path) not in declared:
                    answer = client.request(method, path)
                    refused = 204 if method == "OPTIONS" else 405
                    assert answer.status_code == refused, (method, path)
    assert services.orders.received == []


PLANTED: Mapping[str, tuple[str, str, str, list[str]]] = {
    "a path": (
        "kong_order_service",
        "/orders/{id}/items/{item}",
        "get",
        [
            r"- name: order_service_orders_id_items_item_get_route",
            r"tags: \[GET=planted\]",
            r"methods: \[GET, HEAD\]",
        ],
    ),
    "a method": (
        "kong_user_service",
        "/users/{id}",
        "delete",
        [
            r"in user_service_user_route",
            r"tags: \[PUT=update_user, DELETE=planted\]",
            r"methods: \[PUT, DELETE\]",
        ],
    ),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_an_operation_without_a_route_is_told_with_the_lines_to_write(
    configuration: Configuration, plant: Plant, planted: tuple[str, str, str, list[str]]
) -> None:
    """Adding a path or a method to a spec fails until the template has it."""
    service, path, method, expected = planted
    (message,) = disagreements(configuration, plant(service, path, method), {})
    assert f"{method.upper()} {path} has no route" in message
    for pattern in expected:
        assert re.search(pattern, message), message


@pytest.mark.parametrize("path", ["/orders/{id}/items/{item}", "/orders/v1.0/{order-id}"])
def test_the_lines_it_tells_are_the_ones_that_were_missing(
    state: Path, plant: Plant, path: str
) -> None:
    """Writing the suggested lines into the template makes it agree."""
    published = plant("kong_order_service", path, "get")
    settings = GatewaySettings(p_value=50)
    (message,) = disagreements(render(settings, 50)[1], published, {})
    suggested = message.partition("\n")[2] + "\n"
    text = TEMPLATE.read_text()
    place = text.index("    routes:\n", text.index("- name: kong_order_service\n")) + len(
        "    routes:\n"
    )
    written = state / "template"
    written.write_text(text[:place] + suggested + text[place:])
    assert disagreements(render(settings, 50, template=written)[1], published, {}) == ()


def test_a_service_without_a_route_is_told_with_all_that_is_to_be_written(
    state: Path, plant: Plant
) -> None:
    """Once, and not for each of its operations; those at one path have one route."""
    planted = plant("kong_order_service", "/things/{id}", "get")["kong_order_service"]
    (one,) = (each for each in planted.operations if each.id == "planted")
    every = replace(one, template="/things", path="/things", id="all")
    own = (replace(one, method="DELETE", id="gone"), one, every)
    published = {**all_apis(), "kong_thing_service": replace(planted, operations=own)}
    settings = GatewaySettings(p_value=50)
    (message,) = disagreements(render(settings, 50)[1], published, {})
    first, _, suggested = message.partition("\n")
    assert first.startswith("kong_thing_service is not in kong/kong.yml.template.")
    assert suggested.count("- name:") == 3
    assert "methods: [DELETE, GET, HEAD]" in suggested
    text = TEMPLATE.read_text()
    place = text.index("\n# What no route above takes")
    suggested = suggested.replace("http://thing_service_upstream", "http://order_service_upstream")
    written = state / "template"
    written.write_text(text[:place].rstrip("\n") + "\n" + suggested + "\n" + text[place:])
    assert disagreements(render(settings, 50, template=written)[1], published, {}) == ()


def changed(change: Callable[[Operation], Operation | None]) -> Published:
    """The APIs with each operation as `change` makes it, without those that it makes None."""
    return {
        service: replace(api, operations=tuple(filter(None, map(change, api.operations))))
        for service, api in all_apis().items()
    }


def test_a_route_that_no_operation_needs_is_told(configuration: Configuration) -> None:
    """Taking an operation out of a spec fails until its route goes too."""
    left = changed(lambda each: None if str(each) == "GET /orders/{id}" else each)
    (message,) = disagreements(configuration, left, {})
    assert re.match(r"kong/kong\.yml\.template:\d+: kong_order_service: the route ", message)
    assert "order_service_order_route takes GET /orders/x, which no operation has" in message


def test_an_operation_that_the_access_log_would_call_otherwise_is_told(
    configuration: Configuration,
) -> None:
    """With the tags to write."""
    other = changed(lambda each: replace(each, id="made") if each.id == "create_order" else each)
    (message,) = disagreements(configuration, other, {})
    assert "POST /orders/ is made" in message
    assert "tags: [GET=list_orders, POST=made]" in message


def test_an_internal_operation_with_a_route_is_told(configuration: Configuration) -> None:
    """Marking an operation as internal fails until its route goes."""
    other = changed(lambda each: replace(each, internal=each.internal or each.id == "create_order"))
    messages = disagreements(configuration, other, {})
    assert any("POST /orders/ is internal" in message for message in messages)


def test_the_command_says_that_all_agree() -> None:
    """`gateway routes`."""
    result = CliRunner().invoke(commands, ["routes"])
    assert result.exit_code == 0, result.output
    assert "agree" in result.output
