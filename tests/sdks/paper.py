"""The paper's five requests in Python, by somebody who has installed both client packages.

Usage: paper.py URL EMAIL [KEY]; EMAIL is one that no user has yet. Writes what was answered as JSON
on stdout, and ends with status 1 where a request was refused.
"""

import json
import re
import sys
from collections.abc import Iterator

import aware_orders
import aware_users


def ask(url: str, email: str, key: str | None) -> dict[str, object]:
    """Send the requests; what was answered to each."""
    keys = {"apiKey": key} if key else {}
    answers: dict[str, object] = {}

    configuration = aware_users.Configuration(host=url, api_key=keys)
    with aware_users.ApiClient(configuration) as client:
        users = aware_users.UsersApi(client)
        user = users.create_user(
            aware_users.NewUser(
                first_name="Jane",
                last_name="Smith",
                emails=[email],
                delivery_address=aware_users.DeliveryAddress(
                    street="456 Technology Boulevard, Apt 789",
                    city="San Francisco",
                    state="CA",
                    postal_code="94107",
                    country="USA",
                ),
                phone_number="14155551234",
            )
        )
        answers["create_user"] = user.to_dict()
        user = users.update_user(
            user.user_id, aware_users.UserUpdate(emails=[f"new.{email}", f"another.{email}"])
        )
        answers["update_user"] = user.to_dict()

    order_configuration = aware_orders.Configuration(host=url, api_key=keys)
    with aware_orders.ApiClient(order_configuration) as order_client:
        orders = aware_orders.OrdersApi(order_client)
        order = orders.create_order(
            aware_orders.NewOrder(
                user_id=user.user_id,
                items=[
                    aware_orders.Item(item_id="item001", quantity=2, price=29.99),
                    aware_orders.Item(item_id="item002", quantity=1, price=49.99),
                ],
                user_emails=user.emails,
                delivery_address=aware_orders.DeliveryAddress(**user.delivery_address.model_dump()),
            )
        )
        answers["create_order"] = order.to_dict()
        order = orders.update_order_status(
            order.order_id,
            aware_orders.OrderStatusUpdate(order_status=aware_orders.OrderStatus.SHIPPING),
        )
        answers["update_order_status"] = order.to_dict()
        answers["list_orders"] = [each.to_dict() for each in shipping(orders)]
    return answers


def shipping(orders: aware_orders.OrdersApi) -> Iterator[aware_orders.Order]:
    """All orders that are being shipped, two a page; `Link` leads from page to page."""
    cursor, more = None, True
    while more:
        page = orders.list_orders_with_http_info(
            status=aware_orders.OrderStatus.SHIPPING, limit=2, cursor=cursor
        )
        yield from page.data
        following = re.search(r"[?&]cursor=([\w-]+)", (page.headers or {}).get("Link", ""))
        cursor, more = (following[1], True) if following else (None, False)


def main() -> int:
    """The exit status."""
    url, email, *keys = sys.argv[1:]
    try:
        answers = ask(url, email, keys[0] if keys else None)
    except (aware_users.ApiException, aware_orders.ApiException) as error:
        problem = error.data.to_dict() if error.data else None
        json.dump({"status": error.status, "problem": problem}, sys.stdout)
        return 1
    json.dump(answers, sys.stdout, default=str)
    return 0


if __name__ == "__main__":
    sys.exit(main())
