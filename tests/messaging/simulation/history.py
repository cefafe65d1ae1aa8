"""What happened in a history, and what the sync guarantees about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.fields.order import Order

FIELDS = (Order.userEmails, Order.deliveryAddress)
"""What changes carry and clients write: each is judged for itself."""

Fields = Mapping[str, Any]
"""Values of some of `FIELDS`."""


@dataclass(eq=False)
class ClientWrite:
    """A POST /orders/ or a PUT details: what its client wrote.

    `known` is the version that the order database knew when it began. Times are whole numbers that
    grow; `told` is None where the client was never told that it worked. `certain` is False where
    nobody knows whether it did.
    """

    fields: Fields
    began: int
    known: int
    told: int | None = None
    certain: bool = True


@dataclass(eq=False)
class ContactChange:
    """A PUT of contact data; `version` is None where it was not stored, as far as is known."""

    user: str
    began: int
    version: int | None = None
    told: int | None = None


@dataclass(frozen=True)
class OrderState:
    """An order's document: its fields, its version, and whose writes it has seen, in order."""

    user: str
    fields: Fields
    version: int
    writes: tuple[ClientWrite, ...]


@dataclass
class History:
    """Everything that the guarantees speak of.

    `states` has the contact data of each user at each version that was ever durable; `judged` and
    `due` count the fields of orders that were judged, and those that a change had to reach.
    """

    changes: list[ContactChange] = field(default_factory=list)
    states: dict[tuple[str, int], Fields] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    judged: int = 0
    due: int = 0

    def synced(self, order: str, state: OrderState, version: int) -> None:
        """A sync brings an order to a version: check that it may."""
        for write in state.writes:
            if version <= write.known:
                self.violations.append(
                    f"guarantee 2: version {version} touches order {order} again: {write.known} "
                    f"was known at step {write.began}, when its client's {dict(write.fields)} began"
                )
        if version <= state.version:
            self.violations.append(
                f"guarantee 2: version {version} overwrites {state.version} in order {order}"
            )

    def judge(self, orders: Mapping[str, OrderState], newest: Mapping[str, int]) -> None:
        """Check how the orders ended. `newest` is the newest version of each user."""
        for order, state in orders.items():
            for name in FIELDS:
                self._judge(order, state, name, newest[state.user])

    def _judge(self, order: str, state: OrderState, name: str, newest: int) -> None:
        allowed = []
        for write in reversed([each for each in state.writes if name in each.fields]):
            due = [change.version for change in self._due(state.user, write)]
            if not due:
                allowed.append(write.fields[name])
            if newest > max(write.known, 1):
                allowed.append(self.states[state.user, newest][name])
            if write.certain:
                break
        self.judged += 1
        self.due += bool(due)
        if state.fields[name] in allowed:
            return
        sentence = (
            f"guarantee 1: versions {due}, acknowledged and begun after step {write.told}, "
            "do not reach"
            if due
            else f"guarantee 2: neither its client nor version {newest} wrote the end of"
        )
        self.violations.append(
            f"{sentence} order {order}: {name} is {state.fields[name]}, not one of {allowed}"
        )

    def _due(self, user: str, write: ClientWrite) -> Iterator[ContactChange]:
        """Acknowledged changes that began after the client was told of this write."""
        for change in self.changes:
            if (
                change.user == user
                and change.told is not None
                and write.told is not None
                and change.began > write.told
            ):
                yield change
