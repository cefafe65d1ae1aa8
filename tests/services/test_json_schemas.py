"""What the services really answer fits the JSON schemas that are given to everybody else."""

import json
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft7Validator, FormatChecker

from models.fields.order import Order
from models.fields.user import User
from tests.services.conftest import new_order, new_user

SCHEMAS = Path(__file__).parents[2] / "schemas"


def _validator(name: str) -> Draft7Validator:
    schema = json.loads((SCHEMAS / f"{name}_schema.json").read_text("utf-8"))
    return Draft7Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("fields", [{}, {User.firstName: "Jane", User.phoneNumber: "14155551234"}])
def test_a_user_is_what_user_schema_says(users: httpx.Client, fields: dict[str, str]) -> None:
    """Of either build, made, changed and read."""
    validator = _validator("user")
    made = users.post("/users/", json=new_user(**fields)).json()
    address = {User.deliveryAddress: made[User.deliveryAddress]}
    changed = users.put(f"/users/{made[User.userId]}", json=address).json()
    for answer in (made, changed, users.get(f"/users/{made[User.userId]}").json()):
        validator.validate(answer)
        assert answer[User.userId] == made[User.userId]


def test_an_order_is_what_order_schema_says(orders: httpx.Client) -> None:
    """Made, changed and listed; the seed's too."""
    validator = _validator("order")
    made = orders.post("/orders/", json=new_order()).json()
    status = {Order.orderStatus: "shipping"}
    changed = orders.put(f"/orders/{made[Order.orderId]}/status", json=status).json()
    listed = orders.get("/orders/", params={"limit": 1000}).json()
    assert made[Order.orderId] in {each[Order.orderId] for each in listed}
    for answer in (made, changed, *listed):
        validator.validate(answer)
