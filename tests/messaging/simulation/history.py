"""What happened in a history, and what the sync guarantees about it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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

    With a key it is sent until it is answered. `expects` is the order as its client has read it,
    where the order must not have changed since; `refused` is when the client was told that it had.
    """

    fields: Fields
    began: int
    known: int
    told: int | None = None
    certain: bool = True
    has_key: bool = False
    expects: "OrderState | None" = None
    refused: int | None = None


@dataclass(eq=False)
class ContactChange:
    """A PUT of contact data; `version` is None where it was not stored, as far as is known.

    With a key it is sent until it is answered.
    """

    user: str
    began: int
    version: int | None = None
    told: int | None = None
    has_key: bool = False


@dataclass(frozen=True)
class OrderState:
    """An order's document: its fields, its version, and whose writes it has seen, in order.

    `requests` are those of them that it knows by their keys, `revision` counts its client's writes
    as the order service does.
    """

    user: str
    fields: Fields
    version: int
    writes: tuple[ClientWrite, ...]
    requests: tuple[ClientWrite, ...] = ()
    revision: int = 0

    @property
    def etag(self) -> tuple[int, int]:
        """What the order service tells one state of it from another by."""
        return self.revision, self.version


@dataclass
class History:
    """Everything that the guarantees speak of.

    `states` has the contact data of each user at each version that was ever durable; `judged` and
    `due` count the fields of orders that were judged, and those that a change had to reach.
    """

    changes: list[ContactChange] = field(default_factory=list)
    writes: list[ClientWrite] = field(default_factory=list)
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

    def applied(self, order: str, before: OrderState, write: ClientWrite) -> None:
        """A client's write changes an order: check that it is as the client has read it."""
        read = write.expects
        if read is not None and (read.writes, read.version) != (before.writes, before.version):
            self.violations.append(
                f"guarantee 3: {dict(write.fields)} overwrites in order {order} what its client "
                f"has not read: {len(before.writes)} writes and version {before.version} instead "
                f"of {len(read.writes)} and {read.version}"
            )

    def judge_requests(
        self, orders: Mapping[str, OrderState], users: Mapping[str, Sequence[ContactChange]]
    ) -> None:
        """Check that each request was carried out as often as its client was told.

        Args:
            orders: How they ended.
            users: The changes that each user's document has seen.
        """
        seen: Counter[object] = Counter()
        for state in orders.values():
            seen.update(state.writes)
        for changes in users.values():
            seen.update(changes)
        requests: list[ClientWrite | ContactChange] = [*self.writes, *self.changes]
        for request in requests:
            is_refused = isinstance(request, ClientWrite) and request.refused is not None
            least, most = int(request.has_key and request.told is not None), int(not is_refused)
            if not least <= seen[request] <= most:
                self.violations.append(
                    f"guarantee 3: {request} was carried out {seen[request]} times: not {least} "
                    f"to {most}"
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
