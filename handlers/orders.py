"""The operations of the order API."""

from contract.answers.returned import Answer
from contract.links import Links
from handlers.pages import paged
from models.fields.order import Order
from models.order import NewOrder, OrderDetailsUpdate, OrderStatus, OrderStatusUpdate
from storage.client import Json
from storage.orders import Orders


async def create_order(body: NewOrder, *, orders: Orders, link: Links) -> Answer[Json]:
    """POST /orders/: store an order."""
    order = await orders.create(body)
    return Answer(order, 201, {"Location": link("get_order", id=order[Order.orderId])})


async def list_orders(
    status: OrderStatus | None, limit: int, cursor: str | None, *, orders: Orders, link: Links
) -> list[Json] | Answer[list[Json]]:
    """GET /orders/: a page of orders, oldest first."""
    page = await orders.page(status, limit, cursor)
    return paged(page, link, "list_orders", status=status, limit=limit)


async def get_order(id: str, *, orders: Orders) -> Json:
    """GET /orders/{id}."""
    return await orders.get(id)


async def update_order_status(id: str, body: OrderStatusUpdate, *, orders: Orders) -> Json:
    """PUT /orders/{id}/status: from any status to any."""
    return await orders.update_status(id, body["orderStatus"])


async def update_order_details(id: str, body: OrderDetailsUpdate, *, orders: Orders) -> Json:
    """PUT /orders/{id}/details: what a client writes here wins over what was synced before."""
    return await orders.update_details(id, body)
