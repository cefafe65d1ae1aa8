"""Sample data of every collection, as the APIs answer it: the paper's are u1 to u5 and o1 to o15.

What is said here is what makes them these users and orders. Whatever else the specs require comes
from examples, defaults and schemas, as does what the specs no longer take, and all of the others.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from contract.formats import email_key, instant_text
from contract.samples import NoSampleError, Samples
from contract.schema import Schema
from models.fields.order import Item, Order
from models.fields.user import DeliveryAddress, User
from openapi.description import Description, JsonSchema, name_of
from openapi.errors import InvalidDocumentError
from openapi.pointers import pointer_of
from openapi.views import View, composed
from services.declaration import Collection, Service, System

USERS = 5
ORDERS = 15
_OTHERS = 5
"""Of each collection that the paper does not know; one where something must be unique."""

_KEYS = UUID("5d2c7a9e-3f0b-4c55-9a3e-6f1f0c1d2b7a")
_EPOCH = datetime(2024, 12, 3, 9, tzinfo=UTC)
_PEOPLE = (
    ("Alice", "Johnson", "12 Maple Street", "Springfield", "IL", "62701", "USA"),
    ("Bilal", "Haddad", "980 Rue Sherbrooke", "Montreal", "QC", "H3A 2R7", "Canada"),
    ("Chiara", "Rossi", "7 Via Garibaldi", "Torino", "TO", "10122", "Italy"),
    ("Daniel", "Kim", "55 Teheran-ro", "Seoul", "Gangnam", "06134", "South Korea"),
    ("Eva", "Lindqvist", "3 Storgatan", "Uppsala", "Uppsala", "753 10", "Sweden"),
)

Json = dict[str, Any]


Sampled = tuple[Service, Collection, list[Json]]


def samples(system: System, api_of: Callable[[Service], Description]) -> Iterator[Sampled]:
    """What each collection of a system is filled with at first, the same every time.

    Of others than the paper's there is nothing where none can be made that fits.

    Raises:
        InvalidDocumentError: A spec requires of the paper's what can neither be found nor made.
    """
    users: list[Json] = []
    for service in system:
        for row in service.collections:
            api, kind = api_of(service), (service.api, row.schema)
            if kind == ("user", "User"):
                users = sample_users(api)
                yield service, row, users
            elif kind == ("order", "Order"):
                yield service, row, sample_orders(api, users) if users else []
            else:
                yield service, row, [*_made(api, row)]


def _made(api: Description, row: Collection) -> Iterator[Json]:
    """Objects that differ in their keys: `p1` and so on, `1`, or a UUID, whichever fits."""
    samples, schema = Samples(api.schemas, View.PLAIN), Schema(api.schemas[row.schema], api.schemas)
    for number in range(1, 2 if row.unique else _OTHERS + 1):
        try:
            value = samples.value(api.schemas[row.schema])
        except NoSampleError:
            return
        keys = (f"{row.name[0]}{number}", number, str(uuid5(_KEYS, f"{row.name} {number}")))
        fit = ({**value, row.key: key} for key in keys)
        yield from islice((each for each in fit if schema.is_valid(each)), 1)


def sample_users(api: Description) -> list[Json]:
    """The users, the same every time.

    Raises:
        InvalidDocumentError: The spec requires what can neither be found nor made.
    """
    users = [_completed(api, "User", each) for each in _users()]
    addresses = [email_key(address) for user in users for address in user[User.emails]]
    if len(addresses) > len({*addresses}):
        place = _place(api, "User", (User.emails,))
        raise InvalidDocumentError(
            f"{place}: the addresses of the sample data do not fit, and an example is only one: "
            "change them in storage/sample_data.py"
        )
    return users


def sample_orders(api: Description, users: list[Json]) -> list[Json]:
    """Their orders, the same every time.

    Raises:
        InvalidDocumentError: The spec requires what can neither be found nor made.
    """
    return [_completed(api, "Order", each) for each in _orders(api, users)]


def _users() -> Iterator[Json]:
    for number, (first, last, street, city, state, code, country) in enumerate(_PEOPLE, 1):
        yield {
            User.userId: f"u{number}",
            User.firstName: first,
            User.lastName: last,
            User.emails: [
                f"{first}.{last}@example.com".lower(),
                f"{first}@home.example.com".lower(),
            ],
            User.deliveryAddress: {
                DeliveryAddress.street: street,
                DeliveryAddress.city: city,
                DeliveryAddress.state: state,
                DeliveryAddress.postalCode: code,
                DeliveryAddress.country: country,
            },
            User.phoneNumber: f"1514555{number:04}",
            User.createdAt: _moment(timedelta(days=number)),
            User.updatedAt: _moment(timedelta(days=number)),
        }


def _orders(api: Description, users: list[Json]) -> Iterator[Json]:
    chance = random.Random(2024)  # noqa: S311 - the same orders every time
    statuses = next(composed(_property(api, "Order", Order.orderStatus), "enum", api.schemas), ())
    for number in range(1, ORDERS + 1):
        user = users[(number - 1) % len(users)]
        status = {Order.orderStatus: statuses[(number - 1) % len(statuses)]} if statuses else {}
        yield {
            Order.orderId: f"o{number}",
            Order.userId: user[User.userId],
            Order.items: [
                {
                    Item.itemId: f"item{chance.randrange(1, 100):03}",
                    Item.quantity: chance.randrange(1, 5),
                    Item.price: chance.randrange(100, 10000) / 100,
                }
                for _ in range(chance.randrange(1, 4))
            ],
            Order.userEmails: user[User.emails],
            Order.deliveryAddress: user[User.deliveryAddress],
            **status,
            Order.createdAt: _moment(timedelta(days=10, hours=number)),
            Order.updatedAt: _moment(timedelta(days=10, hours=number)),
        }


def _moment(since: timedelta) -> str:
    return instant_text(_EPOCH + since)


def _completed(api: Description, entity: str, value: Json) -> Json:
    schema = api.schemas[entity]
    try:
        found: Json = Samples(api.schemas, View.PLAIN).completed(schema, value)
    except NoSampleError as error:
        raise InvalidDocumentError(
            f"{_place(api, entity, error.path)}: {'.'.join(error.path)} is required, and no value "
            "for the sample data can be made of its schema: write an `example` or a `default`"
        ) from None
    for issue in Schema(schema, api.schemas).issues(found):
        raise InvalidDocumentError(
            f"{_place(api, entity, ())}: the sample data do not fit: {issue.pointer} "
            f"{issue.detail}: change them in storage/sample_data.py"
        )
    return found


def _place(api: Description, entity: str, path: tuple[str, ...]) -> str:
    """`file:line` of a property, or of the schema in which it is required."""
    pointer, schema = api.schema_pointers[entity], api.schemas[entity]
    for name in path:
        if name not in schema.get("properties", {}):
            break
        pointer, schema = f"{pointer}{pointer_of('properties', name)}", schema["properties"][name]
        if [*schema] == ["$ref"]:
            pointer = api.schema_pointers[name_of(schema["$ref"])]
            schema = api.resolve(schema)
    return api.place(pointer)


def _property(api: Description, entity: str, name: str) -> JsonSchema:
    """What the schema of an entity says of a property."""
    found = composed(api.schemas[entity], "properties", api.schemas)
    return next((each[name] for each in found if name in each), {})
