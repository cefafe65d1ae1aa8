"""What is said to Kong's Admin API and made of its answers, against answers as Kong 3.9 gives them.

The Kong here is none: the suite runs against a real one where GATEWAY_TEST_URL names it.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from kong.errors import UnreachableError
from kong.process import Kind
from kong.running import Kong, find, share
from kong.settings import GatewaySettings
from kong.weight import set_weight
from kong.weights import WeightFile


@dataclass
class Admin:
    """An Admin API that keeps what it is given; `refusal` answers the next configuration."""

    url: str = ""
    targets: dict[str, tuple[int, int]] = field(default_factory=dict)
    configurations: list[dict[str, Any]] = field(default_factory=list)
    refusal: dict[str, Any] | None = None

    def health(self) -> dict[str, Any]:
        """GET /upstreams/…/health."""
        return {
            "data": [
                {
                    "target": target,
                    "weight": weight,
                    "health": "HEALTHY",
                    "data": {"addresses": [{"health": "HEALTHY"}] * addresses},
                }
                for target, (weight, addresses) in self.targets.items()
            ]
        }

    def take(self, text: str) -> tuple[int, dict[str, Any]]:
        """POST /config."""
        if self.refusal is not None:
            return 400, self.refusal
        document = yaml.safe_load(text)
        self.configurations.append(document)
        for entry in document["upstreams"][0]["targets"]:
            addresses = self.targets.get(entry["target"], (0, 1))[1]
            self.targets[entry["target"]] = (entry["weight"], addresses)
        return 201, {}


@pytest.fixture
def admin() -> Iterator[Admin]:
    """The Admin API of a Kong with three addresses of version 1 and two of version 2."""
    admin = Admin(
        targets={"user-service-v1:5000": (100, 3), "user-service-v2:5000": (150, 2)},
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(200, admin.health())

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


def test_the_addresses_that_kong_sees_make_p(admin: Admin, settings: GatewaySettings) -> None:
    """3 x 60 to 2 x 210 is 30 to 70; the configuration is whole."""
    kong = find(settings)
    assert kong.kind is Kind.KONG
    assert share(kong.targets(), settings.user_service_v1) == 50
    set_weight(settings, kong, 30)
    (document,) = admin.configurations
    assert [entry["weight"] for entry in document["upstreams"][0]["targets"]] == [60, 210]
    assert share(kong.targets(), settings.user_service_v1) == 30
    assert [service["name"] for service in document["services"]] == [
        "kong_user_service",
        "kong_order_service",
    ]


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
    assert WeightFile(settings.state).read(50) == 50


def test_a_refusal_without_fields_is_told_too(admin: Admin, settings: GatewaySettings) -> None:
    """Whatever message there is."""
    admin.refusal = {"message": "declarative config is invalid"}
    with pytest.raises(UnreachableError, match="declarative config is invalid"):
        set_weight(settings, find(settings), 30)


def test_another_server_is_not_taken_for_kong(admin: Admin) -> None:
    """Something answers there, but not as Kong does."""
    admin.health = dict  # type: ignore[method-assign]
    with pytest.raises(UnreachableError, match="not Kong's Admin API"):
        Kong(f"http://{admin.url}").targets()
