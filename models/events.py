"""Generated from specs/events.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import TypeAlias, TypedDict


Id: TypeAlias = str


Email: TypeAlias = str


Text: TypeAlias = str


Emails: TypeAlias = list[Email]
"""
One or more e-mail addresses, kept and answered as sent. Two spellings of one address (letter case, for one) are the same address, and refused.
"""


class DeliveryAddress(TypedDict):
    """
    Where orders go.
    """

    street: Text
    city: Text
    state: Text
    postalCode: Text
    country: Text


class UserContactsChanged(TypedDict):
    """
    The e-mail addresses and the delivery address of a user after a change: the whole state, so that a newer event replaces an older one.
    """

    userId: Id
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    version: int
