"""Generated from specs/order.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

OrderStatus: TypeAlias = Literal["under process", "shipping", "delivered"]
"""Where an order stands."""

Id: TypeAlias = str
"""An identifier made by the server, or one of the seed's."""

Text: TypeAlias = str
"""A line of text without control characters."""

Timestamp: TypeAlias = str
"""A moment in UTC, to the millisecond."""

Email: TypeAlias = str


class Item(TypedDict):
    itemId: Text
    quantity: int
    price: float


Items: TypeAlias = list[Item]
"""What was ordered."""


class NewOrder(TypedDict):
    userId: NotRequired[Id]
    items: Items
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    orderStatus: NotRequired[OrderStatus]


class OrderStatusUpdate(TypedDict):
    orderStatus: OrderStatus


class OrderDetailsUpdate1(TypedDict):
    """E-mail addresses, delivery address, or both."""

    userEmails: Emails
    deliveryAddress: NotRequired[DeliveryAddress]


class OrderDetailsUpdate2(TypedDict):
    """E-mail addresses, delivery address, or both."""

    userEmails: NotRequired[Emails]
    deliveryAddress: DeliveryAddress


OrderDetailsUpdate: TypeAlias = OrderDetailsUpdate1 | OrderDetailsUpdate2
"""E-mail addresses, delivery address, or both."""


class Order(TypedDict):
    orderId: Id
    userId: NotRequired[Id]
    items: Items
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    orderStatus: OrderStatus
    createdAt: Timestamp
    updatedAt: Timestamp


Emails: TypeAlias = list[Email]
"""One or more e-mail addresses, kept and answered as sent. Two spellings of one address (letter case, for one) are the same address, and refused."""


class DeliveryAddress(TypedDict):
    """Where orders go."""

    street: Text
    city: Text
    state: Text
    postalCode: Text
    country: Text


class ProblemErrorsItem(TypedDict):
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    detail: str


class Problem(TypedDict):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[ProblemErrorsItem]]
