"""Generated from specs/user.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict


PhoneNumber: TypeAlias = str


SentTimestamp: TypeAlias = str


Text: TypeAlias = str


class DeliveryAddress(TypedDict):
    """
    Where orders go.
    """

    street: Text
    city: Text
    state: Text
    postalCode: Text
    country: Text


Id: TypeAlias = str


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


Emails: TypeAlias = list[Email]
"""
One or more e-mail addresses, kept and answered as sent. Two spellings of one address (letter case, for one) are the same address, and refused.
"""


class NewUser(TypedDict):
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    emails: Emails
    deliveryAddress: DeliveryAddress
    phoneNumber: NotRequired[PhoneNumber]
    createdAt: NotRequired[SentTimestamp]
    updatedAt: NotRequired[SentTimestamp]


class UserUpdate1(TypedDict):
    """
    E-mail addresses, delivery address, or both.
    """

    emails: Emails
    deliveryAddress: NotRequired[DeliveryAddress]
    updatedAt: NotRequired[SentTimestamp]


class UserUpdate2(TypedDict):
    """
    E-mail addresses, delivery address, or both.
    """

    emails: NotRequired[Emails]
    deliveryAddress: DeliveryAddress
    updatedAt: NotRequired[SentTimestamp]


UserUpdate: TypeAlias = UserUpdate1 | UserUpdate2


class User(TypedDict):
    userId: Id
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    emails: Emails
    deliveryAddress: DeliveryAddress
    phoneNumber: NotRequired[PhoneNumber]
    createdAt: NotRequired[Timestamp]
    updatedAt: NotRequired[Timestamp]
