"""Clients that change users, make and edit orders, and remember what they were told."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from models.fields.order import Item, Order
from models.fields.user import User
from storage.client import Json, MongoSettings
from storage.system_fields import CONTACT_VERSION, value_of
from tests.examples import ADDRESS
from tests.messaging.simulation.history import ClientWrite, ContactChange, Fields
from tests.messaging.system import new_email

_LONGEST_PAUSE_SECONDS = 0.3
_BETWEEN_ORDERS_SECONDS = 2
_EDITED_AGAIN = 0.6
_WITH_ETAG = 0.3

USERS = ("user-service-v1", "user-service-v2")
ORDERS = ("order-service",)


@dataclass(eq=False)
class UserRecord:
    """A user, and every change that their client asked for, in order."""

    id: str
    began_with: Fields
    changes: list[tuple[ContactChange, Fields]] = field(default_factory=list)


@dataclass(eq=False)
class OrderRecord:
    """An order, and every write of its client, in order."""

    id: str
    user: str
    writes: list[ClientWrite]
    etag: str


@dataclass(frozen=True)
class Obligation:
    """An acknowledged change that must reach an order: the order gets to `version` or above."""

    order: str
    version: int
    since: float


@dataclass
class Records:
    """What happened, as the clients saw it. Times are of `time.monotonic`, where not in ns.

    `unanswered` are the requests that are under way, `failures` when an attempt of one failed.
    """

    users: dict[str, UserRecord] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    obligations: set[Obligation] = field(default_factory=set)
    longest: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    failures: list[float] = field(default_factory=list)

    def failed(self, kind: str) -> None:
        """An attempt was answered with an error, or not at all: it is repeated."""
        self.answers[f"{kind} repeated"] += 1
        self.failures.append(time.monotonic())


class Load:
    """Clients of the services, and a look into the databases past all faults.

    Every request has a key, and is sent until it is answered.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Json],
        mongo: MongoSettings,
        urls: dict[str, str],
        seed: int,
    ) -> None:
        self.records = Records()
        self._random = random.Random(seed)
        self._urls = urls
        self._http = httpx.AsyncClient(timeout=10, trust_env=False)
        majority = ReadConcern("majority")
        self._users = client[mongo.users].get_collection("users", read_concern=majority)
        self._contacts = client[mongo.orders].get_collection("contacts", read_concern=majority)
        self._orders = client[mongo.orders].get_collection("orders", read_concern=majority)

    async def run(self, users: int, stop: asyncio.Event) -> None:
        """Create users, then change and order until told to stop."""
        async with self._http, asyncio.TaskGroup() as tasks:
            for _ in range(users):
                record = await self._create_user()
                tasks.create_task(self._change(record, stop))
                tasks.create_task(self._order(record, stop))
            tasks.create_task(self._watch(stop))

    async def is_answered(self) -> bool:
        """Whether no request is under way."""
        return not self.records.unanswered

    async def _create_user(self) -> UserRecord:
        fields = self._new_fields()
        answer = await self._ask("new user", "POST /users/", _user(fields), to=USERS)
        record = UserRecord(answer.json()[User.userId], fields)
        self.records.users[record.id] = record
        return record

    async def _change(self, user: UserRecord, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._pause()
            fields = self._some_fields()
            change = ContactChange(user.id, began=time.monotonic_ns())
            user.changes.append((change, fields))
            await self._ask("change", f"PUT /users/{user.id}", _user(fields), to=USERS)
            change.told = time.monotonic_ns()
            await self._oblige(change)

    async def _order(self, user: UserRecord, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(self._random.random() * _BETWEEN_ORDERS_SECONDS)
            write = await self._begin_write(user.id, self._new_fields())
            if write is None:
                continue
            body = {**_json(write.fields), Order.userId: user.id, Order.items: [_ITEM]}
            answer = await self._ask("new order", "POST /orders/", body, to=ORDERS)
            write.told = time.monotonic_ns()
            order = OrderRecord(
                answer.json()[Order.orderId], user.id, [write], answer.headers["ETag"]
            )
            self.records.orders[order.id] = order
            while not stop.is_set() and self._random.random() < _EDITED_AGAIN:
                await self._pause()
                await self._edit(order)

    async def _edit(self, order: OrderRecord) -> None:
        """PUT details, now and then only where the order is as it was answered last."""
        write = await self._begin_write(order.user, self._some_fields())
        if write is None:
            return
        match = {"If-Match": order.etag} if self._random.random() < _WITH_ETAG else {}
        answer = await self._ask(
            "edit",
            f"PUT /orders/{order.id}/details",
            _json(write.fields),
            to=ORDERS,
            headers=match,
        )
        order.etag = answer.headers["ETag"]
        if answer.is_success:
            write.told = time.monotonic_ns()
            order.writes.append(write)

    async def _begin_write(self, user_id: str, fields: Fields) -> ClientWrite | None:
        """What the order database knows, then the time; None where it cannot be asked."""
        try:
            contacts = await self._contacts.find_one({"_id": user_id}, {"version": 1})
        except PyMongoError:
            return None
        known = int(contacts["version"]) if contacts else 0
        return ClientWrite(fields, time.monotonic_ns(), known)

    async def _ask(
        self,
        kind: str,
        request: str,
        body: Json,
        *,
        to: Sequence[str],
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer to a request (`POST /orders/`), which is sent until there is one."""
        method, path = request.split()
        sent = {"Idempotency-Key": str(uuid4()), **(headers or {})}
        self.records.unanswered += 1
        while True:
            url = f"{self._urls[self._random.choice(to)]}{path}"
            try:
                answer = await self._http.request(method, url, json=body, headers=sent)
            except httpx.HTTPError:
                self.records.failed(kind)
            else:
                if answer.is_success or answer.status_code == httpx.codes.PRECONDITION_FAILED:
                    break
                assert answer.status_code >= 500, (answer.status_code, answer.text)
                self.records.failed(kind)
            await self._pause()
        self.records.unanswered -= 1
        self.records.answers[f"{kind} {'acknowledged' if answer.is_success else 'stale'}"] += 1
        return answer

    async def _oblige(self, change: ContactChange) -> None:
        """From now on the user's orders of before the change are out of step."""
        since = time.monotonic()
        try:
            user = await self._users.find_one({"_id": change.user}, {CONTACT_VERSION: 1})
        except PyMongoError:
            return
        assert user is not None
        for order in self.records.orders.values():
            told = order.writes[-1].told
            if order.user == change.user and told is not None and told < change.began:
                version = int(value_of(user, CONTACT_VERSION))
                self.records.obligations.add(Obligation(order.id, version, since))

    async def _watch(self, stop: asyncio.Event) -> None:
        """Take note of when orders are in step again."""
        while not stop.is_set() or self.records.obligations:
            await asyncio.sleep(0.02)
            due = list(self.records.obligations)
            ids = list({each.order for each in due})
            try:
                found = await self._orders.find(
                    {"_id": {"$in": ids}}, {CONTACT_VERSION: 1}
                ).to_list()
            except PyMongoError:
                continue
            moment = time.monotonic()
            versions = {order["_id"]: int(value_of(order, CONTACT_VERSION)) for order in found}
            for each in due:
                if versions.get(each.order, 0) >= each.version:
                    self.records.obligations.discard(each)
                    self.records.longest = max(self.records.longest, moment - each.since)

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.random() * _LONGEST_PAUSE_SECONDS)

    def _new_fields(self) -> Fields:
        """Contact data that nobody has written yet."""
        email = new_email()
        return {Order.userEmails: (email,), Order.deliveryAddress: ADDRESS | {"street": email}}

    def _some_fields(self) -> Fields:
        """Both fields, or one of them."""
        fields = self._new_fields()
        names = self._random.choice(((Order.userEmails,), (User.deliveryAddress,), tuple(fields)))
        return {name: fields[name] for name in names}


_ITEM = {Item.itemId: "book", Item.quantity: 1, Item.price: 9.5}


def _json(fields: Fields) -> Json:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()
    }


def _user(fields: Fields) -> dict[str, Any]:
    names = {Order.userEmails: "emails", Order.deliveryAddress: "deliveryAddress"}
    return {names[name]: value for name, value in _json(fields).items()}
