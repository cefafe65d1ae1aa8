"""The services of Docker Compose, their passwords and ports, and the order of a deployment."""

from collections.abc import Callable, Iterable

from gateway.splits import FIRST_SHARE, splits, target_variable
from generate.formatting import formatted
from generate.sources import Sources
from generate.stack import stack
from generate.templates import filled
from services.blocks import with_blocks
from services.declaration import Service, System, Version

_ORDER = "deploy/processes.py"

PORT = 5000
"""Where every process listens in its container."""

_TOOLS = ("backup-reader", "smoke-test")
"""Logins in MongoDB that belong to no service."""


def compose(sources: Sources) -> dict[str, str]:
    """The Compose files, `.env.example` and `deploy/processes.py`."""
    system, root = sources.declared, sources.root
    broker = _broker_logins(system)
    whole = with_blocks(
        root,
        "docker-compose.yml",
        {
            "splits": "".join(
                f"  {each.setting}: ${{{each.setting}:?is not set, see .env.example}}\n"
                for each in splits(system)
            )
            or "  {}\n",
            "passwords of mongodb": _environment(_passwords(_mongodb_logins(system), "MONGO")),
            "passwords of rabbitmq": _environment(_passwords(broker, "RABBITMQ")),
            "services": _services(system),
            "services behind the gateway": _each(
                _http(system), "      {}: {{condition: service_healthy}}\n"
            ),
            "targets": _environment(f"{target_variable(each)}: {each}:{PORT}" for each in broker),
        },
    )
    return {
        "docker-compose.yml": whole,
        **stack(whole, root),
        "docker-compose.debug.yml": with_blocks(
            root,
            "docker-compose.debug.yml",
            {"services": "".join(_debugged(*each) for each in system.ports.items())},
        ),
        ".env.example": with_blocks(
            root,
            ".env.example",
            {
                "splits": "".join(f"{each.setting}={FIRST_SHARE}\n" for each in splits(system)),
                "passwords": _laptop(_mongodb_logins(system), "MONGO")
                + _laptop(broker, "RABBITMQ"),
            },
        ),
        _ORDER: formatted(_order(system), _ORDER, root),
    }


def variable(login: str, server: str) -> str:
    """The setting with the password of a login: USER_RELAY_MONGO_PASSWORD."""
    return f"{login.replace('-', '_').upper()}_{server}_PASSWORD"


def _http(system: System) -> list[str]:
    return [each for service in system for each in service.processes]


def _broker_logins(system: System) -> list[str]:
    return [each.process for service in system for each in service.event_processes]


def _mongodb_logins(system: System) -> list[str]:
    services = [service.name for service in system if service.database]
    return [*services, *_broker_logins(system), *_TOOLS]


def _passwords(logins: Iterable[str], server: str) -> Iterable[str]:
    return (f"{variable(each, server)}: {_secret(each, server)}" for each in logins)


def _secret(login: str, server: str) -> str:
    return f"${{{variable(login, server)}:?is not set, see .env.example}}"


def _environment(lines: Iterable[str]) -> str:
    return "".join(f"      {line}\n" for line in lines)


def _laptop(logins: Iterable[str], server: str) -> str:
    return "".join(f"{variable(each, server)}=laptop-{server.lower()}-{each}\n" for each in logins)


def _each(names: Iterable[str], line: str) -> str:
    return "".join(map(line.format, names))


def _debugged(process: str, port: int) -> str:
    return f'  {process}:\n    ports: ["127.0.0.1:{port}:{PORT}"]\n    networks: [debug]\n'


def _services(system: System) -> str:
    arguments: Callable[[Service, Version], str] = lambda service, version: ", ".join(  # noqa: E731
        repr(each) for each in (service.name, version.name) if each
    )
    return filled("compose.yml.j2", system=system, arguments=arguments, secret=_secret)


def _order(system: System) -> str:
    consumers = [each.process for each in system.subscribers]
    relays = [each.publishes.process for each in system if each.publishes is not None]
    return f'''"""Generated from services.yaml. The processes of a release, for a deployment."""

HTTP = {tuple(_http(system))!r}
"""Those that the gateway calls."""

EVENTS = {(*consumers, *relays)!r}
"""Consumers before relays: what a new relay publishes an old consumer need not understand."""
'''
