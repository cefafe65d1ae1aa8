"""Generated from specs/. What operations give their handlers, and what these may return.

The type check compares. Whatever else a handler takes, its service gives it. Nothing imports this
at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from starlette.responses import Response

    from contract.answers.returned import Answer
    from handlers import orders, users
    from models import order, user


class UserCreateUser(Protocol):
    """POST /users/."""

    async def __call__(
        self, body: user.NewUser, *_: Any, **__: Any
    ) -> Answer[user.User | dict[str, Any]] | Response | user.User | dict[str, Any]: ...


class UserGetUser(Protocol):
    """GET /users/{id}."""

    async def __call__(
        self, id: str, *_: Any, **__: Any
    ) -> Answer[user.User | dict[str, Any]] | Response | user.User | dict[str, Any]: ...


class UserUpdateUser(Protocol):
    """PUT /users/{id}."""

    async def __call__(
        self, id: str, body: user.UserUpdate, *_: Any, **__: Any
    ) -> Answer[user.User | dict[str, Any]] | Response | user.User | dict[str, Any]: ...


class OrderListOrders(Protocol):
    """GET /orders/."""

    async def __call__(
        self, status: order.OrderStatus | None, limit: int, cursor: str | None, *_: Any, **__: Any
    ) -> (
        Answer[list[order.Order] | list[dict[str, Any]]]
        | Response
        | list[order.Order]
        | list[dict[str, Any]]
    ): ...


class OrderCreateOrder(Protocol):
    """POST /orders/."""

    async def __call__(
        self, body: order.NewOrder, *_: Any, **__: Any
    ) -> Answer[order.Order | dict[str, Any]] | Response | order.Order | dict[str, Any]: ...


class OrderGetOrder(Protocol):
    """GET /orders/{id}."""

    async def __call__(
        self, id: str, *_: Any, **__: Any
    ) -> Answer[order.Order | dict[str, Any]] | Response | order.Order | dict[str, Any]: ...


class OrderUpdateOrderStatus(Protocol):
    """PUT /orders/{id}/status."""

    async def __call__(
        self, id: str, body: order.OrderStatusUpdate, *_: Any, **__: Any
    ) -> Answer[order.Order | dict[str, Any]] | Response | order.Order | dict[str, Any]: ...


class OrderUpdateOrderDetails(Protocol):
    """PUT /orders/{id}/details."""

    async def __call__(
        self, id: str, body: order.OrderDetailsUpdate, *_: Any, **__: Any
    ) -> Answer[order.Order | dict[str, Any]] | Response | order.Order | dict[str, Any]: ...


if TYPE_CHECKING:
    user_create_user: UserCreateUser = users.create_user
    user_get_user: UserGetUser = users.get_user
    user_update_user: UserUpdateUser = users.update_user
    order_list_orders: OrderListOrders = orders.list_orders
    order_create_order: OrderCreateOrder = orders.create_order
    order_get_order: OrderGetOrder = orders.get_order
    order_update_order_status: OrderUpdateOrderStatus = orders.update_order_status
    order_update_order_details: OrderUpdateOrderDetails = orders.update_order_details
