"""The functions of kong.yml, run by LuaJIT as Kong runs them, against the part of Kong they use.

That part is none of Kong: where GATEWAY_TEST_URL names a real one, the other tests run them there.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from lupa import luajit21  # type: ignore[import-untyped]

from kong.render import render
from kong.settings import GatewaySettings

_SANDBOX = """
function(code, kong)
  local allowed = {kong = kong, math = {random = math.random}, string = {format = string.format}}
  return setfenv(assert(loadstring(code)), allowed)
end
"""


@dataclass
class Request:
    """What Kong knows of one request. Without a `service` nothing is proxied."""

    service: str | None = "kong_user_service"
    source: str = "service"
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    upstream: str | None = None


class Functions:
    """The functions of one phase in one worker: each is made once, and called for each request."""

    def __init__(self, phase: str, p: int = 30) -> None:
        text, _ = render(GatewaySettings(p_value=p), p)
        plugins = {plugin["name"]: plugin for plugin in yaml.safe_load(text)["plugins"]}
        (code,) = plugins["post-function"]["config"][phase]
        self.now = Request()
        self._lua = luajit21.LuaRuntime(unpack_returned_tuples=True)
        self._call: Callable[[], None] = self._lua.eval(_SANDBOX)(code, self._kong())()

    def __call__(self, request: Request) -> Request:
        """Call it for this request, and give it back as it is then."""
        self.now = request
        self._call()
        return request

    def _kong(self) -> Any:  # noqa: ANN401 - a table of Lua
        table = self._lua.table_from

        def set_upstream(name: str) -> bool:
            self.now.upstream = name
            return True

        service = table({"set_upstream": set_upstream})
        response = table(
            {
                "get_source": lambda: self.now.source,
                "get_status": lambda: self.now.status,
                "get_raw_body": lambda: self.now.body,
                "set_raw_body": lambda body: setattr(self.now, "body", body),
                "set_header": lambda name, value: self.now.headers.update({name: value}),
                "clear_header": lambda name: self.now.headers.pop(name, None),
            }
        )
        router = table(
            {
                "get_service": lambda: (
                    None if self.now.service is None else table({"name": self.now.service})
                )
            }
        )
        return table({"service": service, "response": response, "router": router})


def upstreams(functions: Functions, requests: Iterable[Request]) -> Counter[str | None]:
    """Where they go."""
    return Counter(functions(request).upstream for request in requests)


@pytest.mark.parametrize("p", [0, 1, 30, 50, 99, 100])
def test_of_any_hundred_requests_p_go_to_version_1(p: int) -> None:
    """Wherever a worker begins to count."""
    functions = Functions("access", p)
    sent = [functions(Request()).upstream for _ in range(1000)]
    for begin in range(900):
        counted = Counter(sent[begin : begin + 100])
        assert counted["user_service_v1_upstream"] == p
        assert counted["user_service_v2_upstream"] == 100 - p


def test_they_are_spread_evenly() -> None:
    """At 50 they take turns."""
    functions = Functions("access", 50)
    sent = [functions(Request()).upstream for _ in range(100)]
    assert len(set(sent[::2])) == len(set(sent[1::2])) == 1


def test_no_other_service_is_split() -> None:
    """Neither orders nor what is not proxied, and neither of them counts."""
    functions = Functions("access", 50)
    others = [Request(service="kong_order_service"), Request(service=None)]
    assert upstreams(functions, others * 50) == {None: 100}
    mixed = [Request(service=name) for name in ("kong_user_service", "kong_order_service") * 100]
    assert upstreams(functions, mixed)["user_service_v1_upstream"] == 50


@pytest.mark.parametrize("status", [401, 404, 413, 429, 503, 599])
def test_an_error_of_the_gateways_own_is_a_problem(status: int) -> None:
    """With its type, also where the table does not know the status."""
    answer = Request(source="exit", status=status, body="?", headers={"Content-Length": "1"})
    Functions("header_filter")(answer)
    Functions("body_filter")(answer)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Content-Length" not in answer.headers
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert answer.body is not None
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["type"].startswith("urn:aware:problem:")


def test_an_answer_of_a_service_is_left_alone() -> None:
    """Its body and its headers are its own."""
    answer = Request(status=500, body="mine", headers={"Content-Type": "text/plain"})
    Functions("header_filter")(answer)
    Functions("body_filter")(answer)
    assert answer.body == "mine"
    assert answer.headers == {"Content-Type": "text/plain"}
