"""The measuring: both sides in turn, operation by operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.load import OPERATIONS, Load, Operation, run
from bench.report import HEADERS, Memory, Round
from bench.servers import Progress, Side, servers
from local.examples import body_example
from models.fields.user import User

_USERS = 200
_ORDERS = 20  # as many as GET /orders/ asks for


@dataclass(frozen=True)
class Measured:
    """The rounds of each operation; the workers' memory by moment."""

    rounds: Mapping[Operation, Sequence[Round]]
    memory: Mapping[str, Memory]


def measure(
    folder: Path, *, rounds: int, seconds: int, connections: int, progress: Progress
) -> Measured:
    """Start everything in `folder`, measure, and stop everything.

    Raises LocalError where something does not start, LoadError where wrk does not do its part.
    """
    with servers(folder / "state", progress) as sides:
        at_rest = _memory(sides)
        load = Load(seconds, connections, _prepare(sides["project"], folder / "users"))
        measured: dict[Operation, list[Round]] = {each: [] for each in OPERATIONS}
        for operation in OPERATIONS:
            for number in range(1, rounds + 1):
                found = _round(sides, operation, number, load)
                rates = ", ".join(f"{side} {each.rate:,.0f}/s" for side, each in found.items())
                progress(f"{operation.title}, round {number} of {rounds}: {rates}")
                measured[operation].append(found)
        return Measured(measured, {"at rest": at_rest, "after the load": _memory(sides)})


def _round(sides: Mapping[str, Side], operation: Operation, number: int, load: Load) -> Round:
    # Who is second meets a larger collection and a warmer machine: they take turns.
    order = sorted([*sides, HEADERS] if operation.writes else sides, reverse=number % 2 == 0)
    return {
        side: run(
            sides["project" if side == HEADERS else side][operation.service],
            operation,
            f"{side}{number}",
            load,
            has_headers=side == HEADERS,
        )
        for side in order
    }


def _memory(sides: Mapping[str, Side]) -> Memory:
    return {
        side: {name: server.memory() for name, server in services.items()}
        for side, services in sides.items()
    }


def _prepare(project: Side, users: Path) -> Path:
    """Make the orders that are listed, and the users that change; write the ids of these."""
    example, order = body_example("create_user"), body_example("create_order")
    with httpx.Client(trust_env=False, timeout=30) as client:
        ids = []
        for number in range(_USERS):
            user = {**example, User.emails: [f"bench.{number}@example.com"]}
            made = client.post(f"{project['users'].url}/users/", json=user)
            ids.append(made.raise_for_status().json()[User.userId])
        for _ in range(_ORDERS):
            client.post(f"{project['orders'].url}/orders/", json=order).raise_for_status()
    users.write_text("\n".join(ids))
    return users
