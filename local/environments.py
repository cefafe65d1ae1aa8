"""The environment variables of each process: its whole configuration."""

from collections.abc import Mapping

from local import mongodb, rabbitmq
from local.ports import HOST, Ports

PORT_NAMES = {
    "order-service": "order_service",
    "user-service-v1": "user_service_v1",
    "user-service-v2": "user_service_v2",
    "user-relay": "user_relay",
    "order-consumer": "order_consumer",
}


def environment(part: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    """What the process `part` of our own is told; KeyError for a part that is not our own."""
    if part in {"mongodb-setup", "rabbitmq-setup"}:
        return _set_up(ports, passwords)
    if part in {"backup-reader", "smoke-test"}:
        return _mongodb_login(part, ports, passwords)
    address = ports.address(PORT_NAMES[part])
    if part in {"user-relay", "order-consumer"}:
        logins = _mongodb_login(part, ports, passwords) | _rabbitmq_login(part, ports, passwords)
        return {**logins, "HEALTH_BIND": address}
    login = part.removesuffix("-v1").removesuffix("-v2")
    return {**_mongodb_login(login, ports, passwords), "BIND": address}


def _mongodb_login(login: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    return {
        "MONGO_URI": mongodb.uri(ports.mongodb),
        "MONGO_USERNAME": login,
        "MONGO_PASSWORD": passwords[f"{_prefix(login)}_MONGO_PASSWORD"],
    }


def _rabbitmq_login(login: str, ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    return {
        "RABBITMQ_HOST": HOST,
        "RABBITMQ_PORT": str(ports.rabbitmq),
        "RABBITMQ_USER": login,
        "RABBITMQ_PASSWORD": passwords[f"{_prefix(login)}_RABBITMQ_PASSWORD"],
    }


def _set_up(ports: Ports, passwords: Mapping[str, str]) -> dict[str, str]:
    """Both set-ups get the same: the highest login of each system and the passwords to give."""
    to_give = {
        name: password
        for name, password in passwords.items()
        if name.startswith(("USER_", "ORDER_", "BACKUP_", "SMOKE_"))
    }
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


def _prefix(login: str) -> str:
    return login.upper().replace("-", "_")
