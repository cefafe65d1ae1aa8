"""Generated from specs/user.yaml. Edit that, then `make generate`."""

from typing import Final


class NewUser:
    firstName: Final = "firstName"
    lastName: Final = "lastName"
    emails: Final = "emails"
    deliveryAddress: Final = "deliveryAddress"
    phoneNumber: Final = "phoneNumber"
    createdAt: Final = "createdAt"
    updatedAt: Final = "updatedAt"


class UserUpdate:
    emails: Final = "emails"
    deliveryAddress: Final = "deliveryAddress"
    updatedAt: Final = "updatedAt"


class User:
    userId: Final = "userId"
    firstName: Final = "firstName"
    lastName: Final = "lastName"
    emails: Final = "emails"
    deliveryAddress: Final = "deliveryAddress"
    phoneNumber: Final = "phoneNumber"
    createdAt: Final = "createdAt"
    updatedAt: Final = "updatedAt"


class DeliveryAddress:
    street: Final = "street"
    city: Final = "city"
    state: Final = "state"
    postalCode: Final = "postalCode"
    country: Final = "country"


class Problem:
    type: Final = "type"
    title: Final = "title"
    status: Final = "status"
    detail: Final = "detail"
    errors: Final = "errors"


class ProblemErrorsItem:
    pointer: Final = "pointer"
    parameter: Final = "parameter"
    detail: Final = "detail"
