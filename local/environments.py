"""The environment variables of each process: its whole configuration."""

from collections.abc import Mapping

from local import mongodb, rabbitmq
from local.passwords import COMMANDS, HIGHEST
from local.ports import HOST, Ports
from processes.settings import password_variable
from services.reading import declared

SET_UP_OF_MONGODB = "mongodb-setup"
SET_UPS = (SET_UP_OF_MONGODB, "rabbitmq-setup")


def environment(part: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    """What the process `part` of our own is told; KeyError for a part that is not our own."""
    if part in SET_UPS:
        return _set_up(ports, passwords)
    if part in COMMANDS:
        return _mongodb_login(part, ports, passwords)
    service = declared().by_process[part]
    if part in service.processes:
        bind = {"BIND": ports.address(part)}
        return _mongodb_login(service.name, ports, passwords) | bind if service.database else bind
    logins = _mongodb_login(part, ports, passwords) | _rabbitmq_login(part, ports, passwords)
    return {**logins, "HEALTH_BIND": ports.address(part)}


def _mongodb_login(login: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    return {
        "MONGO_URI": mongodb.uri(ports.mongodb),
        "MONGO_USERNAME": login,
        "MONGO_PASSWORD": passwords[password_variable(login, "MONGO")],
    }


def _rabbitmq_login(login: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    return {
        "RABBITMQ_HOST": HOST,
        "RABBITMQ_PORT": str(ports.rabbitmq),
        "RABBITMQ_USER": login,
        "RABBITMQ_PASSWORD": passwords[password_variable(login, "RABBITMQ")],
    }


def _set_up(ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    """Both set-ups get the same: the highest login of each system and the passwords to give."""
    to_give = {name: password for name, password in passwords.items() if name not in HIGHEST}
    return to_give | {
        "MONGO_URI": mongodb.uri(ports.mongodb),
        "MONGO_USERNAME": mongodb.ROOT,
        "MONGO_PASSWORD": passwords["MONGO_ROOT_PASSWORD"],
        "RABBITMQ_HOST": HOST,
        "RABBITMQ_PORT": str(ports.rabbitmq),
        "RABBITMQ_MANAGEMENT_PORT": str(ports.rabbitmq_management),
        "RABBITMQ_USER": rabbitmq.ADMINISTRATOR,
        "RABBITMQ_PASSWORD": passwords["RABBITMQ_ADMIN_PASSWORD"],
    }
