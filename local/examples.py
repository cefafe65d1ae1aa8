"""The paper's five requests, with the bodies that the specs give as examples, for pasting."""

import json
import shlex
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

from contract.document import Operation, load_document, operations

SPECS = Path(__file__).parent.parent / "specs"
# The operations that the paper tries, and the seed's user and order that it tries them on.
_REQUESTS = {
    "create_user": "",
    "update_user": "u1",
    "create_order": "",
    "update_order_status": "o1",
    "list_orders": "",
}


def requests(url: str) -> list[str]:
    """The five requests as curl commands to the gateway at `url`."""
    return [_curl(url, operation(name), id_) for name, id_ in _REQUESTS.items()]


@cache
def operation(operation_id: str) -> Operation:
    """An operation of either spec, by its id."""
    documents = [load_document(SPECS / spec) for spec in ("user.yaml", "order.yaml")]
    (found,) = (
        each for document in documents for each in operations(document) if each.id == operation_id
    )
    return found


def _curl(url: str, operation: Operation, id_: str) -> str:
    query = {
        parameter["name"]: parameter["example"]
        for parameter in operation.parameters
        if parameter["in"] == "query" and parameter["name"] == "status"
    }
    path = operation.path.replace("{id}", id_)
    where = url + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    if operation.body_schema is None:
        return shlex.join(["curl", "-i", where])
    body = json.dumps(operation.body_example, ensure_ascii=False)
    sent = ["-H", "Content-Type: application/json", "-d", body]
    return shlex.join(["curl", "-i", "-X", operation.method, where, *sent])
