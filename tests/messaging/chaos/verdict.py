"""Whether every acknowledged change is where it had to be, after all that happened."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.fields.order import Order
from storage.client import Json
from storage.system_fields import CONTACT_VERSION, REVISION, SYSTEM, name_of, value_of
from tests.messaging.chaos.load import Records, UserRecord
from tests.messaging.simulation.history import FIELDS, Fields, History, OrderState

_NAMES = {Order.userEmails: "emails", Order.deliveryAddress: "deliveryAddress"}


def judge(records: Records, users: Mapping[str, Json], orders: Mapping[str, Json]) -> History:
    """Hold the documents, by id, to the guarantees; the history names what was violated."""
    history = History()
    newest: dict[str, int] = {}
    for user in records.users.values():
        document = users[user.id]
        newest[user.id] = int(value_of(document, CONTACT_VERSION))
        history.states[user.id, newest[user.id]] = _fields(document, _NAMES)
        history.changes += [change for change, _ in user.changes]
        history.violations += _lost_from_user(user, _fields(document, _NAMES))
    states: dict[str, OrderState] = {}
    for order in records.orders.values():
        if order.id not in orders:
            history.violations.append(f"guarantee 1: order {order.id}, acknowledged, is gone")
            continue
        document = orders[order.id]
        states[order.id] = OrderState(
            order.user,
            _fields(document, dict.fromkeys(FIELDS)),
            int(value_of(document, CONTACT_VERSION)),
            tuple(order.writes),
        )
    history.judge(states, newest)
    history.violations += _repeated(records, users, orders)
    return history


def _repeated(
    records: Records, users: Mapping[str, Json], orders: Mapping[str, Json]
) -> Iterator[str]:
    """Whether each request was carried out once, however often it was sent, and answered."""
    if records.unanswered:
        yield f"guarantee 3: {records.unanswered} requests were never answered"
    for user in records.users.values():
        carried_out = int(value_of(users[user.id], CONTACT_VERSION)) - 1
        if carried_out != len(user.changes):
            yield (
                f"guarantee 3: user {user.id} has seen {carried_out} changes, and was sent "
                f"{len(user.changes)}"
            )
    for key, order in orders.items():
        if order.get(Order.userId) in records.users and key not in records.orders:
            yield f"guarantee 3: nobody knows order {key}: a request has made two"
    for record in records.orders.values():
        own = orders.get(record.id, {SYSTEM: {}})[SYSTEM]
        carried_out = own.get(name_of(REVISION), 0)
        if carried_out != len(record.writes) - 1:
            yield (
                f"guarantee 3: order {record.id} has seen {carried_out} edits, and its client was "
                f"told of {len(record.writes) - 1}"
            )


def _lost_from_user(user: UserRecord, state: Fields) -> list[str]:
    """The user's own fields: what was acknowledged last, or what nobody knows the end of."""
    violations = []
    for name in FIELDS:
        allowed = [user.began_with[name]]
        for change, fields in user.changes:
            if name in fields:
                if change.told is not None:
                    allowed = []
                allowed.append(fields[name])
        untold = [fields for change, fields in user.changes if change.told is None]
        unknown = [fields[name] for fields in untold if name in fields]
        if state[name] not in allowed + unknown:
            violations.append(f"guarantee 1: {name} of user {user.id} is not what was acknowledged")
    return violations


def _fields(document: Json, names: Mapping[str, Any]) -> Fields:
    found = {name: document[names[name] or name] for name in FIELDS}
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
    }
