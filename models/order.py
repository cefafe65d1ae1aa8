"""Generated from specs/order.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict


OrderStatus: TypeAlias = Literal["under process", "shipping", "delivered"]


class OrderStatusUpdate(TypedDict):
    orderStatus: OrderStatus


Text: TypeAlias = str


Id: TypeAlias = str


class DeliveryAddress(TypedDict):
    """
    Where orders go.
    """

    street: Text
    city: Text
    state: Text
    postalCode: Text
    country: Text


Timestamp: TypeAlias = str


class Error(TypedDict):
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    detail: str


class Problem(TypedDict):
    """
    What went wrong (RFC 9457).
    """

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[Error]]


Email: TypeAlias = str


class Item(TypedDict):
    itemId: Text
    quantity: int
    price: float


Items: TypeAlias = list[Item]
"""
What was ordered.
"""


Emails: TypeAlias = list[Email]
"""
One or more e-mail addresses, kept and answered as sent. Two spellings of one address (letter case, for one) are the same address, and refused.
"""


class NewOrder(TypedDict):
    userId: NotRequired[Id]
    items: Items
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    orderStatus: NotRequired[OrderStatus]


class OrderDetailsUpdate1(TypedDict):
    """
    E-mail addresses, delivery address, or both.
    """

    userEmails: Emails
    deliveryAddress: NotRequired[DeliveryAddress]


class OrderDetailsUpdate2(TypedDict):
    """
    E-mail addresses, delivery address, or both.
    """

    userEmails: NotRequired[Emails]
    deliveryAddress: DeliveryAddress


OrderDetailsUpdate: TypeAlias = OrderDetailsUpdate1 | OrderDetailsUpdate2


class Order(TypedDict):
    orderId: Id
    userId: NotRequired[Id]
    items: Items
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    orderStatus: OrderStatus
    createdAt: Timestamp
    updatedAt: Timestamp
