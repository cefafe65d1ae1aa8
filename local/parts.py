"""What the system consists of: each part's command, environment, needs and health."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import mongodb, prometheus, rabbitmq
from local.environments import SET_UP_OF_MONGODB, SET_UPS, environment
from local.gateway import exporter_environment, gateway
from local.gateway import healthy as gateway_is_healthy
from local.ports import HOST, Ports, accepts
from local.supervision import Program
from observability.scraping import EXPORTER, PROMETHEUS
from services.declaration import Service, Version
from services.reading import declared

DATABASES = ("mongodb", "epmd", "rabbitmq")


def http_processes() -> tuple[str, ...]:
    """The processes of services.yaml that answer HTTP."""
    return tuple(declared().http)


def event_processes() -> tuple[str, ...]:
    """Those that publish and follow events."""
    return tuple(each.process for service in declared() for each in service.event_processes)


def own() -> tuple[str, ...]:
    """All parts that are processes of our own, in the order of their start."""
    return (*SET_UPS, *http_processes(), *event_processes())


def every() -> tuple[str, ...]:
    """All parts, in the order of their start."""
    return (*DATABASES, *own(), "kong")


OBSERVABILITY = (EXPORTER, PROMETHEUS)
"""The parts that are started where they are asked for."""


def possible() -> tuple[str, ...]:
    """All parts that there may be."""
    return (*every(), *OBSERVABILITY)


_AWARE = (sys.executable, "-m", "aware")


@dataclass(frozen=True)
class Part:
    """One part of the system; making it touches nothing.

    `needs` are the parts that must be healthy before it starts, and that stop after it. `ports`
    are names in Ports, the one for people first. `program` writes what the program
    reads at its start and says how it is started, or raises MissingError. `healthy` answers
    within seconds and never raises but LocalError; it may bring the part forward too. A part that
    runs once is healthy when it has ended with status 0, and is not asked.
    """

    name: str
    needs: tuple[str, ...]
    ports: tuple[str, ...]
    program: Callable[[], Program]
    healthy: Callable[[], bool] = lambda: True
    once: bool = False


@dataclass(frozen=True)
class Wiring:
    """What the parts of one system have in common.

    `extra` are variables that all processes of our own get on top of their own.
    """

    folder: Path
    ports: Ports
    passwords: Mapping[str, str]
    p_value: int
    extra: Mapping[str, str]


def build(name: str, wiring: Wiring) -> Part:
    """The part `name`."""
    if name in declared().http:
        return _http_service(*declared().http[name], wiring)
    if name in declared().by_process:
        return _events(name, wiring)
    builders = {
        "mongodb": _mongodb,
        "epmd": _epmd,
        "rabbitmq": _rabbitmq,
        "mongodb-setup": _mongodb_setup,
        "rabbitmq-setup": _rabbitmq_setup,
        "kong": _kong,
        EXPORTER: _exporter,
        PROMETHEUS: _prometheus,
    }
    return builders[name](wiring)


def _mongodb(wiring: Wiring) -> Part:
    passwords, port = wiring.passwords, wiring.ports.mongodb

    def program() -> Program:
        configuration = mongodb.write_configuration(
            wiring.folder / "mongodb", port, passwords["MONGO_KEYFILE"]
        )
        command = (mongodb.find_mongod(), "--config", str(configuration))
        return Program("mongodb", command, {}, grace=30)

    return Part(
        "mongodb",
        needs=(),
        ports=("mongodb",),
        program=program,
        healthy=lambda: mongodb.prepare(port, passwords["MONGO_ROOT_PASSWORD"]),
    )


def _epmd(wiring: Wiring) -> Part:
    port = wiring.ports.epmd

    def program() -> Program:
        command = (rabbitmq.find_epmd(), "-port", str(port), "-address", HOST)
        return Program("epmd", command, {})

    return Part("epmd", needs=(), ports=("epmd",), program=program, healthy=lambda: accepts(port))


def _rabbitmq(wiring: Wiring) -> Part:
    ports, passwords = wiring.ports, wiring.passwords

    def program() -> Program:
        folder = wiring.folder / "rabbitmq"
        rabbitmq.write_configuration(folder, ports, passwords)
        command = (rabbitmq.find_server(),)
        return Program("rabbitmq", command, rabbitmq.environment(folder, ports), grace=30)

    return Part(
        "rabbitmq",
        needs=("epmd",),
        ports=("rabbitmq", "rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_distribution"),
        program=program,
        healthy=lambda: rabbitmq.healthy(ports, passwords["RABBITMQ_ADMIN_PASSWORD"]),
    )


def _mongodb_setup(wiring: Wiring) -> Part:
    return _set_up(SET_UP_OF_MONGODB, ("setup", "mongodb", "--seed", "--alone"), "mongodb", wiring)


def _rabbitmq_setup(wiring: Wiring) -> Part:
    return _set_up("rabbitmq-setup", ("setup", "rabbitmq"), "rabbitmq", wiring)


def _set_up(name: str, arguments: tuple[str, ...], needs: str, wiring: Wiring) -> Part:
    program = Program(name, (*_AWARE, *arguments), own_environment(name, wiring), once=True)
    return Part(name, needs=(needs,), ports=(), program=lambda: program, once=True)


def _http_service(service: Service, version: Version, wiring: Wiring) -> Part:
    name = version.process
    gunicorn = (sys.executable, "-m", "gunicorn", "-c", "processes/gunicorn.conf.py")
    command = (*gunicorn, service.application(version))
    program = Program(name, command, own_environment(name, wiring), grace=40)
    return _own_process(program, (SET_UP_OF_MONGODB,) if service.database else (), wiring)


def _events(name: str, wiring: Wiring) -> Part:
    program = Program(name, (*_AWARE, "run", name), own_environment(name, wiring), grace=40)
    return _own_process(program, SET_UPS, wiring)


def _own_process(program: Program, needs: tuple[str, ...], wiring: Wiring) -> Part:
    return Part(
        program.name,
        needs=needs,
        ports=(program.name,),
        program=lambda: program,
        healthy=lambda: _is_ready(wiring.ports.url(program.name)),
    )


def _kong(wiring: Wiring) -> Part:
    def program() -> Program:
        found = gateway(wiring.folder, wiring.ports, wiring.p_value)
        return Program("kong", found.command, found.environment, found.stop_signal, grace=40)

    return Part(
        "kong",
        needs=http_processes(),
        ports=("gateway", "gateway_admin"),
        program=program,
        healthy=lambda: gateway_is_healthy(wiring.ports),
    )


def _exporter(wiring: Wiring) -> Part:
    program = Program(EXPORTER, (*_AWARE, EXPORTER), own_environment(EXPORTER, wiring))
    return _own_process(program, (), wiring)


def _prometheus(wiring: Wiring) -> Part:
    folder, ports = wiring.folder / PROMETHEUS, wiring.ports

    def program() -> Program:
        prometheus.write_configuration(folder, ports, prometheus.RULES_FILE.read_text("utf-8"))
        return Program(PROMETHEUS, prometheus.command(folder, ports), {}, grace=30)

    return Part(
        PROMETHEUS,
        needs=(),
        ports=(PROMETHEUS,),
        program=program,
        healthy=lambda: prometheus.healthy(ports),
    )


def own_environment(name: str, wiring: Wiring) -> dict[str, str]:
    """All variables of a process of our own; KeyError for the databases and the gateway."""
    own = (
        exporter_environment(wiring.folder, wiring.ports, wiring.p_value)
        if name == EXPORTER
        else environment(name, wiring.ports, wiring.passwords)
    )
    return {
        **own,
        **wiring.extra,
        "PYTHONUNBUFFERED": "1",
    }


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
