"""The operations of the order API."""

from starlette.responses import Response

from contract.links import Links
from handlers.answers import json_response
from models.order import NewOrder, OrderDetailsUpdate, OrderStatus, OrderStatusUpdate
from storage.cursor import Cursor
from storage.orders import Orders


async def create_order(body: NewOrder, *, orders: Orders, link: Links) -> Response:
    """POST /orders/: store an order."""
    order = await orders.create(body)
    return json_response(order, 201, {"Location": link("get_order", id=order["orderId"])})


async def list_orders(
    status: OrderStatus | None, limit: int, cursor: str | None, *, orders: Orders, link: Links
) -> Response:
    """GET /orders/: a page of orders, oldest first."""
    after = None if cursor is None else Cursor.decode(cursor, status)
    page = await orders.page(status, limit, after)
    if page.next is None:
        return json_response(page.orders)
    more = link("list_orders", status=status, limit=limit, cursor=page.next.encode())
    return json_response(page.orders, headers={"Link": f'<{more}>; rel="next"'})


async def get_order(id: str, *, orders: Orders) -> Response:
    """GET /orders/{id}."""
    return json_response(await orders.get(id))


async def update_order_status(id: str, body: OrderStatusUpdate, *, orders: Orders) -> Response:
    """PUT /orders/{id}/status: from any status to any."""
    return json_response(await orders.update_status(id, body["orderStatus"]))


async def update_order_details(id: str, body: OrderDetailsUpdate, *, orders: Orders) -> Response:
    """PUT /orders/{id}/details: what a client writes here wins over what was synced before."""
    return json_response(await orders.update_details(id, body))
