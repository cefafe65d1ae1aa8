"""An order's properties may be called like what storage keeps for itself."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from pymongo import MongoClient

from models.fields.order import Order
from openapi.reading import load_description
from services.reading import declared
from storage.client import Json, MongoSettings, connect, now
from storage.contacts import Contacts, MongoContactsStore
from storage.orders import Orders
from storage.setup import set_up
from tests.apis import both_collections
from tests.examples import ADDRESS, ITEM
from tests.storage.test_own_fields import STORAGES_OWN

pytestmark = pytest.mark.anyio
SPECS = Path(__file__).parents[2] / "specs"


async def test_an_order_has_a_version_of_its_own_and_one_that_is_storages(
    root: MongoClient[Json], mongo: MongoSettings, tmp_path: Path
) -> None:
    """What the client calls `contactVersion` stays, whatever version of the contact data it has."""
    for spec in SPECS.glob("*.yaml"):
        (tmp_path / spec.name).write_text(spec.read_text("utf-8"), "utf-8")
    orders_yaml = yaml.safe_load((tmp_path / "order.yaml").read_text("utf-8"))
    of_order = orders_yaml["components"]["schemas"]["Order"]["properties"]
    of_order |= {name: {"type": "integer", "format": "int64"} for name in STORAGES_OWN}
    (tmp_path / "order.yaml").write_text(yaml.safe_dump(orders_yaml), "utf-8")
    own = replace(mongo, prefix=f"own_{uuid4().hex[:12]}")
    set_up(root, both_collections(own.users, own.orders, specs=tmp_path), {})
    order_api, events = (
        load_description(tmp_path / f"{name}.yaml") for name in ("order", "events")
    )
    (row,) = declared().by_api["order"].collections
    taken = {name: number + 2**40 for number, name in enumerate(STORAGES_OWN)}
    async with connect(own) as client:
        orders = Orders(client[own.orders], order_api, events, row)
        store = MongoContactsStore(client[own.orders], order_api, events)
        order: Json = {Order.userId: "u1", Order.items: [ITEM], Order.orderStatus: "shipping"}
        order |= {Order.userEmails: ["a@example.com"], Order.deliveryAddress: ADDRESS}
        made = await orders.create(order | taken)
        contacts = [Contacts("u1", 7, ("b@example.com",), ADDRESS)]
        await store.put_if_newer(contacts)
        assert await store.update_orders(contacts, now()) == 1
        assert await store.update_orders(contacts, now()) == 0
        assert await store.known_versions(["u1"]) == {"u1": 7}
        order_id = made[Order.orderId]
        await orders.update_details(order_id, {Order.userEmails: ["c@example.com"]})
        (listed,) = (await orders.page("shipping", 1, None)).items
        for found in (made, listed, await orders.get(order_id)):
            assert {name: found[name] for name in STORAGES_OWN} == taken
        assert listed[Order.userEmails] == ["c@example.com"]
    root.drop_database(own.users)
    root.drop_database(own.orders)
