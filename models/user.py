"""Generated from specs/user.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

PhoneNumber: TypeAlias = str
"""10 to 15 digits."""

SentTimestamp: TypeAlias = str
"""Stored as sent, cut to milliseconds and to the years 0001 to 9999 of UTC; without leap seconds. Leave it to the server."""

Id: TypeAlias = str
"""An identifier made by the server, or one of the seed's."""

Text: TypeAlias = str
"""A line of text without control characters."""

Timestamp: TypeAlias = str
"""A moment in UTC, to the millisecond."""

Email: TypeAlias = str


class NewUser(TypedDict):
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    emails: Emails
    deliveryAddress: DeliveryAddress
    phoneNumber: NotRequired[PhoneNumber]
    createdAt: NotRequired[SentTimestamp]
    updatedAt: NotRequired[SentTimestamp]


class UserUpdate1(TypedDict):
    """E-mail addresses, delivery address, or both."""

    emails: Emails
    deliveryAddress: NotRequired[DeliveryAddress]
    updatedAt: NotRequired[SentTimestamp]


class UserUpdate2(TypedDict):
    """E-mail addresses, delivery address, or both."""

    emails: NotRequired[Emails]
    deliveryAddress: DeliveryAddress
    updatedAt: NotRequired[SentTimestamp]


UserUpdate: TypeAlias = UserUpdate1 | UserUpdate2
"""E-mail addresses, delivery address, or both."""


class User(TypedDict):
    userId: Id
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    emails: Emails
    deliveryAddress: DeliveryAddress
    phoneNumber: NotRequired[PhoneNumber]
    createdAt: NotRequired[Timestamp]
    updatedAt: NotRequired[Timestamp]


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
