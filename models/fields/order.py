"""Generated from specs/order.yaml. Edit that, then `make generate`."""

from typing import Final


class Item:
    itemId: Final = "itemId"
    quantity: Final = "quantity"
    price: Final = "price"


class NewOrder:
    userId: Final = "userId"
    items: Final = "items"
    userEmails: Final = "userEmails"
    deliveryAddress: Final = "deliveryAddress"
    orderStatus: Final = "orderStatus"


class OrderStatusUpdate:
    orderStatus: Final = "orderStatus"


class OrderDetailsUpdate:
    userEmails: Final = "userEmails"
    deliveryAddress: Final = "deliveryAddress"


class Order:
    orderId: Final = "orderId"
    userId: Final = "userId"
    items: Final = "items"
    userEmails: Final = "userEmails"
    deliveryAddress: Final = "deliveryAddress"
    orderStatus: Final = "orderStatus"
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
