"""Makes orders and ships them while parts are killed, by somebody who handles no error.

Usage: chaos.py URL MARK LEAST; ends when it has made so many, and stdin is closed. Writes in JSON
what it made: the address in each order.
"""

import asyncio
import json
import sys

from aware_orders import AsyncClient, types

MOST = 10_000
ADDRESS: types.DeliveryAddress = {
    "street": "456 Technology Boulevard",
    "city": "San Francisco",
    "state": "CA",
    "postalCode": "94107",
    "country": "USA",
}


async def main(url: str, mark: str, least: int) -> list[str]:
    """The addresses."""
    made: list[str] = []
    may_end = asyncio.Event()
    numbers = iter(range(MOST))

    async def work(client: AsyncClient) -> None:
        for number in numbers:
            email = f"{mark}.{number}@example.com"
            order = await client.create_order(
                {
                    "items": [{"itemId": "i", "quantity": 1, "price": 1.5}],
                    "userEmails": [email],
                    "deliveryAddress": ADDRESS,
                }
            )
            await client.update_order_status(
                order["orderId"], {"orderStatus": "shipping"}, if_match=order
            )
            made.append(email)
            if may_end.is_set() and len(made) >= least:
                return

    async def listen() -> None:
        await asyncio.to_thread(sys.stdin.read)
        may_end.set()

    async with AsyncClient(url, retries=20, timeout=10) as client:
        await asyncio.gather(listen(), *(work(client) for _ in range(4)))
    return made


if __name__ == "__main__":
    json.dump(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))), sys.stdout)
