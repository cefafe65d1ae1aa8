"""Generated from specs/. What each operation gives its handler: the type check compares.

Whatever else a handler takes, its service gives it. Nothing imports this at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from starlette.responses import Response

    from handlers import orders, users
    from models import order, user


class CreateUser(Protocol):
    """POST /users/."""

    async def __call__(self, body: user.NewUser, *_: Any, **__: Any) -> Response: ...


class GetUser(Protocol):
    """GET /users/{id}."""

    async def __call__(self, id: str, *_: Any, **__: Any) -> Response: ...


class UpdateUser(Protocol):
    """PUT /users/{id}."""

    async def __call__(self, id: str, body: user.UserUpdate, *_: Any, **__: Any) -> Response: ...


class ListOrders(Protocol):
    """GET /orders/."""

    async def __call__(
        self, status: order.OrderStatus | None, limit: int, cursor: str | None, *_: Any, **__: Any
    ) -> Response: ...


class CreateOrder(Protocol):
    """POST /orders/."""

    async def __call__(self, body: order.NewOrder, *_: Any, **__: Any) -> Response: ...


class GetOrder(Protocol):
    """GET /orders/{id}."""

    async def __call__(self, id: str, *_: Any, **__: Any) -> Response: ...


class UpdateOrderStatus(Protocol):
    """PUT /orders/{id}/status."""

    async def __call__(
        self, id: str, body: order.OrderStatusUpdate, *_: Any, **__: Any
    ) -> Response: ...


class UpdateOrderDetails(Protocol):
    """PUT /orders/{id}/details."""

    async def __call__(
        self, id: str, body: order.OrderDetailsUpdate, *_: Any, **__: Any
    ) -> Response: ...


if TYPE_CHECKING:
    create_user: CreateUser = users.create_user
    get_user: GetUser = users.get_user
    update_user: UpdateUser = users.update_user
    list_orders: ListOrders = orders.list_orders
    create_order: CreateOrder = orders.create_order
    get_order: GetOrder = orders.get_order
    update_order_status: UpdateOrderStatus = orders.update_order_status
    update_order_details: UpdateOrderDetails = orders.update_order_details
