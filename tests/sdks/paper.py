"""The paper's five requests in Python, by somebody who has installed the joined package.

Usage: paper.py URL EMAIL [KEY]; EMAIL is one that no user has yet. Writes what was answered as JSON
on stdout, and ends with status 1 where a request was refused.
"""

import json
import sys

from aware_services import ApiStatusError, Client, order, user


def ask(url: str, email: str, key: str | None) -> dict[str, object]:
    """Send the requests; what was answered to each."""
    with Client(url, api_key=key) as client:
        jane: user.types.NewUser = {
            "firstName": "Jane",
            "lastName": "Smith",
            "emails": [email],
            "deliveryAddress": {
                "street": "456 Technology Boulevard, Apt 789",
                "city": "San Francisco",
                "state": "CA",
                "postalCode": "94107",
                "country": "USA",
            },
            "phoneNumber": "14155551234",
        }
        created = client.user.create_user(jane)
        changed = client.user.update_user(
            created["userId"], {"emails": [f"new.{email}", f"another.{email}"]}, if_match=created
        )
        items: list[order.types.Item] = [
            {"itemId": "item001", "quantity": 2, "price": 29.99},
            {"itemId": "item002", "quantity": 1, "price": 49.99},
        ]
        ordered = client.order.create_order(
            {
                "userId": changed["userId"],
                "items": items,
                "userEmails": changed["emails"],
                "deliveryAddress": changed["deliveryAddress"],
            }
        )
        shipping = client.order.update_order_status(ordered["orderId"], {"orderStatus": "shipping"})
        return {
            "create_user": created,
            "update_user": changed,
            "create_order": ordered,
            "update_order_status": shipping,
            "list_orders": [*client.order.iter_list_orders(status="shipping", limit=2)],
        }


def main() -> int:
    """The exit status."""
    url, email, *keys = sys.argv[1:]
    try:
        answers = ask(url, email, keys[0] if keys else None)
    except ApiStatusError as error:
        json.dump({"status": error.status, "problem": error.body}, sys.stdout)
        return 1
    json.dump(answers, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
