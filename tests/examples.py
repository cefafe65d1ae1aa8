"""The bodies of requests that the specs give as examples: the paper's."""

from local.examples import body_example
from models.fields.order import Order
from models.fields.user import User
from storage.client import Json


def example(operation_id: str) -> Json:
    """The body of one operation."""
    return body_example(operation_id)


ADDRESS: dict[str, str] = example("create_user")[User.deliveryAddress]
ITEM: Json = example("create_order")[Order.items][0]
