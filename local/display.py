"""What a person sees of the system: where everything is, and how it is."""

from collections.abc import Sequence

from local import gateway, mongodb, rabbitmq
from local.examples import requests
from local.parts import http_processes
from local.stack import Stack
from local.status import PartStatus
from observability.scraping import PROMETHEUS


def places(system: Stack) -> str:
    """Where everything of a running system is, and what to try; no passwords."""
    ports, secrets = system.ports, system.state / "passwords.env"
    rows = [
        ("gateway", ports.url("gateway"), gateway.name()),
        *(("", "", limit) for limit in gateway.limits()),
        *(
            ("P", f"{share} %", f"of the {whose} go to version 1")
            for whose, share in gateway.shares(system.state, system.p_value).items()
        ),
        *((name, ports.url(name) + "/ui/", "Swagger UI") for name in http_processes()),
        (
            "RabbitMQ",
            ports.url("rabbitmq_management"),
            f"login {rabbitmq.ADMINISTRATOR}, RABBITMQ_ADMIN_PASSWORD in {secrets}",
        ),
        (
            "MongoDB",
            mongodb.uri(ports.mongodb),
            f"login {mongodb.ROOT}, MONGO_ROOT_PASSWORD in {secrets}",
        ),
        *(
            [("Prometheus", f"{ports.url(PROMETHEUS)}/alerts", "alerts and queries")]
            if PROMETHEUS in system.parts
            else []
        ),
        ("logs", str(system.logs), ""),
    ]
    tried = "\n\n".join(requests(ports.url("gateway")))
    return f"{columns(rows)}\n\nRequests to try:\n\n{tried}"


def table(parts: Sequence[PartStatus]) -> str:
    """The parts, a line each."""
    rows = [("PART", "STATE", "PID", "UPTIME", "ADDRESS")]
    rows += [
        (part.name, part.state, str(part.pid or ""), _duration(part.uptime), part.address)
        for part in parts
    ]
    return columns(rows)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """`rows` with their cells one below the other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _duration(seconds: float) -> str:
    """Hours, minutes and seconds; nothing for 0."""
    if not seconds:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
