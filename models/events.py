"""Generated from specs/events.yaml. Edit that, then `make generate`."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

Version: TypeAlias = int
"""Of one user each is higher than those before."""

Id: TypeAlias = str
"""An identifier made by the server, or one of the seed's."""

Text: TypeAlias = str
"""A line of text without control characters."""

Email: TypeAlias = str


class UserContactsChanged(TypedDict):
    """The e-mail addresses and the delivery address of a user after a change: the whole state, so that a newer event replaces an older one."""

    userId: Id
    userEmails: Emails
    deliveryAddress: DeliveryAddress
    version: Version


class UserCreated(TypedDict):
    """Somebody has become a user."""

    userId: Id
    firstName: NotRequired[Text]
    lastName: NotRequired[Text]
    userEmails: Emails
    version: Version


Emails: TypeAlias = list[Email]
"""One or more e-mail addresses, kept and answered as sent. Two spellings of one address (letter case, for one) are the same address, and refused."""


class DeliveryAddress(TypedDict):
    """Where orders go."""

    street: Text
    city: Text
    state: Text
    postalCode: Text
    country: Text
