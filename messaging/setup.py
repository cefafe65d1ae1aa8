"""The broker's logins and what each may touch, through the management API; any number of times."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from health.problems import Problem
from messaging.policies import costly
from messaging.settings import RabbitSettings
from messaging.topology import Permissions, Topology, queue_of, relay_permissions, routes
from services.declaration import System

log = structlog.get_logger(__name__)

_VIRTUAL_HOST = quote("/", safe="")


class BrokerSetupError(Exception):
    """The management API cannot be reached, or refuses; the message says which request."""


def set_up_broker(
    system: System,
    administrator: RabbitSettings,
    management_port: int,
    passwords: Mapping[str, str],
) -> list[Problem]:
    """Make the logins of all processes of events, with permissions on their names alone.

    Returns what somebody has set at the broker that could cost events.

    Args:
        system: The services.
        administrator: Where the broker is, and who may make logins.
        management_port: Of the management API, on the same hosts.
        passwords: By login.

    Raises:
        BrokerSetupError: It did not work.
    """
    with _management(administrator, management_port) as api:
        for login, allowed in permissions(system, administrator.queue).items():
            _put(api, f"/users/{login}", {"password": passwords[login], "tags": ""})
            _put(api, f"/permissions/{_VIRTUAL_HOST}/{login}", asdict(allowed))
            log.info("login_ready", login=login)
        kinds = ("policies", "operator-policies")
        policies = [each for kind in kinds for each in _get(api, f"/{kind}/{_VIRTUAL_HOST}")]
    return [*costly(policies, _names(system, administrator.queue))]


def _names(system: System, queue: str) -> set[str]:
    """Of all exchanges and queues."""
    names: set[str] = set()
    for each in system.subscribers:
        declared = Topology(queue_of(each, queue)).for_consuming()
        names |= {exchange.name for exchange in declared.exchanges}
        names |= {found.name for found in declared.queues}
    return names


def permissions(system: System, queue: str) -> dict[str, Permissions]:
    """What each login may touch, where RABBITMQ_QUEUE_NAME is `queue`."""
    found: dict[str, Permissions] = {}
    for service in system:
        if service.publishes is not None:
            published = routes(system, (each.name for each in service.publishes.events), queue)
            queues = (each for some in published.values() for each in some)
            found[service.publishes.process] = relay_permissions(queues)
        if service.follows is not None:
            topology = Topology(queue_of(service.follows, queue))
            found[service.follows.process] = topology.permissions()
    return found


def _management(administrator: RabbitSettings, port: int) -> httpx.Client:
    """The API of the first node that answers, of the last where none does."""
    tls = administrator.tls
    scheme, verify = ("http", True) if tls is None else ("https", tls)
    *others, last = (f"{scheme}://{host}:{port}/api" for host in administrator.hosts)

    def answers(url: str) -> bool:
        try:
            httpx.get(url, timeout=10, trust_env=False, verify=verify)
        except httpx.TransportError:
            return False
        return True

    return httpx.Client(
        base_url=next(filter(answers, others), last),
        auth=(administrator.username, administrator.password),
        timeout=10,
        trust_env=False,
        verify=verify,
    )


def _put(api: httpx.Client, path: str, body: Mapping[str, str]) -> None:
    _ask(api, "PUT", path, body)


def _get(api: httpx.Client, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    return _ask(api, "GET", path).json()


def _ask(
    api: httpx.Client, method: str, path: str, body: Mapping[str, str] | None = None
) -> httpx.Response:
    try:
        return api.request(method, path, json=body).raise_for_status()
    except httpx.HTTPStatusError as error:
        answer = error.response
        reason = f"{answer.status_code} {answer.text[:200]}"
        raise BrokerSetupError(f"{method} {path} at {api.base_url}: {reason}") from error
    except httpx.HTTPError as error:
        raise BrokerSetupError(f"{method} {path} at {api.base_url}: {error!r}") from error
