"""The paper's five requests, with the bodies that the specs give as examples, for pasting."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

SPECS = Path(__file__).parent.parent / "specs"
# The operations that the paper tries, and the seed's user and order that it tries them on.
_REQUESTS = (
    ("user.yaml", "create_user", ""),
    ("user.yaml", "update_user", "u1"),
    ("order.yaml", "create_order", ""),
    ("order.yaml", "update_order_status", "o1"),
    ("order.yaml", "list_orders", ""),
)


def requests(url: str) -> list[str]:
    """The five requests as curl commands to the gateway at `url`."""
    return [_curl(url, _operation(file, name), id_) for file, name, id_ in _REQUESTS]


def _operation(file: str, name: str) -> tuple[str, str, Mapping[str, Any]]:
    document = yaml.safe_load((SPECS / file).read_text())
    (found,) = (
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and operation.get("operationId") == name
    )
    return found


def _curl(url: str, operation: tuple[str, str, Mapping[str, Any]], id_: str) -> str:
    method, path, described = operation
    query = {
        parameter["name"]: parameter["example"]
        for parameter in described.get("parameters", [])
        if parameter.get("in") == "query" and parameter["name"] == "status"
    }
    where = (
        url + path.replace("{id}", id_) + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    )
    if "requestBody" not in described:
        return shlex.join(["curl", "-i", where])
    body = described["requestBody"]["content"]["application/json"]["example"]
    sent = ["-H", "Content-Type: application/json", "-d", json.dumps(body, ensure_ascii=False)]
    return shlex.join(["curl", "-i", "-X", method.upper(), where, *sent])
