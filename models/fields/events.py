"""Generated from specs/events.yaml. Edit that, then `make generate`."""

from typing import Final


class UserContactsChanged:
    userId: Final = "userId"
    userEmails: Final = "userEmails"
    deliveryAddress: Final = "deliveryAddress"
    version: Final = "version"


class UserCreated:
    userId: Final = "userId"
    firstName: Final = "firstName"
    lastName: Final = "lastName"
    userEmails: Final = "userEmails"
    version: Final = "version"


class DeliveryAddress:
    street: Final = "street"
    city: Final = "city"
    state: Final = "state"
    postalCode: Final = "postalCode"
    country: Final = "country"
