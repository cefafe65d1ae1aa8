"""Moving a weight while the gateway runs, and proving where the requests go."""

import fcntl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from gateway.errors import GatewayError, PartlyToldError, UnreachableError
from gateway.process import Kind, write_haproxy_files
from gateway.render import render
from gateway.routes import harmless
from gateway.running import RunningGateway
from gateway.settings import GatewaySettings
from gateway.splits import split_names
from gateway.weight_file import WeightFile
from services.reading import declared


def set_weight(
    settings: GatewaySettings, gateway: RunningGateway, p: int, service: str = ""
) -> None:
    """Give a first version `p` percent of the requests from now on, and after a restart too.

    `service` may be left out where only one is split. Raises GatewayError; then the gateway goes
    on as before, but for PartlyToldError: those that were told keep it.
    """
    names = split_names(service)
    text, configuration = render(settings, p, of=names.name)
    try:
        gateway.apply(text, configuration)
    except PartlyToldError:
        WeightFile(settings.state, names).write(p)
        raise
    WeightFile(settings.state, names).write(p)
    if gateway.kind is Kind.HAPROXY:
        write_haproxy_files(settings)


def count_versions(settings: GatewaySettings, requests: int, service: str = "") -> Counter[str]:
    """Which version answered how many of so many requests, sent one after the other.

    Each is harmless. `service` may be left out where only one is split. Raises UnreachableError
    where an answer does not come from a version.
    """
    name = split_names(service).name
    request = harmless(declared().by_name[name])
    if request is None:
        raise GatewayError(
            f"{name} has no operation that can be asked without changing something: "
            "nothing is counted"
        )
    headers = {"apikey": settings.api_keys[0].key} if settings.api_keys else {}
    counted: Counter[str] = Counter()
    try:
        with httpx.Client(
            base_url=settings.url, headers=headers, timeout=10, trust_env=False
        ) as client:
            for _ in range(requests):
                answer = client.request(*request)
                counted[answer.headers.get("X-Service-Version") or _none(answer)] += 1
    except httpx.TransportError as error:
        raise UnreachableError(f"the gateway does not answer at {settings.url}: {error}") from error
    return counted


def _none(answer: httpx.Response) -> str:
    raise UnreachableError(f"no version answered: {answer.status_code} {answer.text}")


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the right to move P; raises GatewayError where another process holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GatewayError("another command is moving P just now: wait, or stop it") from None
        yield
