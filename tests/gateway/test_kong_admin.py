"""What is said to Kong's Admin API and made of its answers, against answers as Kong 3.9 gives them.

The Kong here is none: the suite runs against a real one where GATEWAY_TEST_URL names it.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import running
from gateway.errors import UnreachableError
from gateway.finding import find
from gateway.process import Kind, variables
from gateway.render import render
from gateway.running import Kong, LiveTarget
from gateway.settings import GatewaySettings
from gateway.splits import kong_service, split_names
from gateway.weight import set_weight
from gateway.weight_file import WeightFile
from services.reading import declared
from tests.gateway.running import run


@dataclass
class Admin:
    """An Admin API that keeps what it is given; `refusal` answers the next configuration.

    It has two workers, which take turns in answering connections; the second takes a configuration
    over `lag` questions after the first, and has built no balancer when it is asked first.
    """

    url: str = ""
    lag: int = 0
    connections: int = 0
    asked: int = 0
    addresses: dict[str, list[str]] = field(default_factory=dict)
    configurations: list[dict[str, Any]] = field(default_factory=list)
    refusal: dict[str, Any] | None = None

    def get(self, path: str, worker: int) -> dict[str, Any]:
        """What a GET answers: about the worker, or an upstream's targets and their health."""
        if path == "/timers":
            return {"worker": {"id": worker, "count": 2}, "stats": {}}
        if path == "/upstreams":
            return {"data": self.configurations[-1]["upstreams"]}
        _, _, name, about = path.split("/")
        if about == "health?balancer_health=1":
            self.asked += worker
            late = worker == 1 and self.asked <= self.lag
            if late and self.asked == 1:
                return {"node_id": "1"}
            targets = self.targets(name, self.configurations[-2 if late else -1])
            return {"data": {"details": {"hosts": list(map(balanced, targets))}}}
        targets = self.targets(name, self.configurations[-1])
        return {"data": targets if about == "targets" else list(map(self.health, targets))}

    def targets(self, name: str, document: dict[str, Any]) -> list[dict[str, Any]]:
        """The targets of an upstream."""
        (upstream,) = (one for one in document["upstreams"] if one["name"] == name)
        return list(upstream["targets"])

    def health(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A target with its addresses, each with what the active checks say of it."""
        addresses = [{"health": health} for health in self.addresses[entry["target"]]]
        return {**entry, "health": "HEALTHY", "data": {"addresses": addresses}}

    def take(self, text: str) -> tuple[int, dict[str, Any]]:
        """POST /config."""
        if self.refusal is not None:
            return 400, self.refusal
        self.configurations.append(yaml.safe_load(text))
        return 201, {}


def balanced(entry: dict[str, Any]) -> dict[str, Any]:
    """A target as a worker's balancer has it."""
    host, _, port = entry["target"].rpartition(":")
    return {"host": host, "port": int(port), "nodeWeight": entry["weight"]}


@pytest.fixture
def admin() -> Iterator[Admin]:
    """One, which answers."""
    with answering() as admin:
        yield admin


@contextmanager
def answering() -> Iterator[Admin]:
    """The Admin API of a Kong with three addresses of version 1 and two of version 2, P at 50."""
    admin = Admin(
        addresses={
            "user-service-v1:5000": ["HEALTHY", "UNHEALTHY", "HEALTHY"],
            "user-service-v2:5000": ["HEALTHY", "HEALTHCHECKS_OFF"],
        },
    )
    admin.take(render(GatewaySettings(p_value=50), 50)[0])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            admin.connections += 1
            self.worker = admin.connections % 2

        def do_GET(self) -> None:
            self.reply(200, admin.get(self.path, self.worker))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(*admin.take(body["config"]))

        def reply(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        admin.url = f"127.0.0.1:{server.server_address[1]}"
        yield admin
        server.shutdown()


@pytest.fixture
def settings(admin: Admin, state: Path) -> GatewaySettings:
    """Those of a Kong in its image."""
    return GatewaySettings(p_value=50, admin_listen=admin.url, state=state)


def test_the_whole_configuration_is_handed_over(admin: Admin, settings: GatewaySettings) -> None:
    """With the split it is to make, whatever the number of addresses."""
    kong = find(settings)
    assert kong.kind is Kind.KONG
    assert kong.share() == 50
    set_weight(settings, kong, 30)
    document = admin.configurations[-1]
    upstreams = {upstream["name"]: upstream["targets"] for upstream in document["upstreams"]}
    assert [entry["weight"] for entry in upstreams["user_service_upstream"]] == [30, 70]
    assert [entry["weight"] for entry in upstreams["user_service_v1_upstream"]] == [65535, 1]
    set_weight(settings, kong, 0)
    assert kong.share() == 0
    set_weight(settings, kong, 30)
    assert kong.share() == 30
    names = [service["name"] for service in document["services"]]
    assert names == [kong_service(each) for each in declared()]


def test_p_has_moved_when_every_worker_has_it(admin: Admin, settings: GatewaySettings) -> None:
    """The one that is later goes on as before until then, and would be counted."""
    admin.lag = 5
    set_weight(settings, find(settings), 10)
    assert admin.asked > admin.lag


def test_a_worker_that_does_not_follow_is_told(
    admin: Admin, settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while, and the kept weight stays as it was."""
    monkeypatch.setattr(running, "_SETTLED_WITHIN", 0.3)
    admin.lag = 1_000_000
    with pytest.raises(UnreachableError, match="of its 2 workers split like that"):
        set_weight(settings, find(settings), 10)
    assert WeightFile(settings.state, split_names()).read(50) == 50


def test_the_addresses_that_kong_sees_are_counted(admin: Admin, settings: GatewaySettings) -> None:
    """Each build's own, and how many of them get requests."""
    assert find(settings).targets() == (
        LiveTarget("user-service-v1:5000", up=2, down=1),
        LiveTarget("user-service-v2:5000", up=2, down=0),
    )
    assert len(admin.configurations) == 1


def test_commands_reach_a_kong_elsewhere(admin: Admin, state: Path) -> None:
    """As a container of the operator does: not where Kong listens, but where it is told."""
    environment = {
        "P_VALUE": "50",
        "KONG_ADMIN_LISTEN": "127.0.0.1:1",
        "GATEWAY_ADMIN_URL": f"http://{admin.url}",
        "GATEWAY_STATE_DIR": str(state),
    }
    assert find(GatewaySettings.from_environment(environment)).share() == 50


def test_the_tests_send_their_commands_to_a_kong_elsewhere(
    admin: Admin, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it listens by itself; it has the configuration of the test when that begins."""
    monkeypatch.setenv("GATEWAY_TEST_URL", "http://kong.example:8000")
    monkeypatch.setenv("GATEWAY_TEST_ADMIN_URL", f"http://{admin.url}")
    kong = run(GatewaySettings(p_value=7, state=state))
    assert find(kong.settings).share() == 7
    told = GatewaySettings.from_environment(variables(kong.settings))
    assert (told.url, told.admin_urls) == (kong.url, (kong.admin_url,))
    assert kong.url == "http://kong.example:8000"


def test_what_kong_refuses_is_told_with_its_field(admin: Admin, settings: GatewaySettings) -> None:
    """As its flattened errors say it; the kept weight stays as it was."""
    admin.refusal = {
        "message": "declarative config is invalid: {}",
        "flattened_errors": [
            {
                "entity_type": "route",
                "entity_name": "order_service_route",
                "errors": [{"field": "paths.1", "message": "invalid regex", "type": "field"}],
            }
        ],
    }
    with pytest.raises(UnreachableError, match=r"route\.order_service_route\.paths\.1: invalid"):
        set_weight(settings, find(settings), 30)
    assert WeightFile(settings.state, split_names()).read(50) == 50


def test_a_refusal_without_fields_is_told_too(admin: Admin, settings: GatewaySettings) -> None:
    """Whatever message there is."""
    admin.refusal = {"message": "declarative config is invalid"}
    with pytest.raises(UnreachableError, match="declarative config is invalid"):
        set_weight(settings, find(settings), 30)


def test_another_server_is_not_taken_for_kong(admin: Admin) -> None:
    """Something answers there, but not as Kong does."""
    admin.get = lambda path, _worker: {"path": path}  # type: ignore[method-assign, assignment]
    with pytest.raises(UnreachableError, match="not Kong's Admin API"):
        Kong(f"http://{admin.url}").share()
