"""The bodies of requests that the specs give as examples: the paper's."""

from local.examples import operation
from storage.client import Json


def example(operation_id: str) -> Json:
    """The body of one operation."""
    return operation(operation_id).body_example


ADDRESS: dict[str, str] = example("create_user")["deliveryAddress"]
ITEM: Json = example("create_order")["items"][0]
