"""What breaks clients is found; what does not is not."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from generate.compatibility import breaking_changes
from generate.published import published, published_document
from openapi.bundle import Document
from openapi.pointers import resolve
from tests.compatibility.editing import (
    SCHEMAS,
    Edit,
    append,
    at,
    both,
    drop,
    move,
    put,
    remove,
    turn,
)
from tests.describing import described

ROOT = Path(__file__).parents[2]

_ORDERS = ("paths", "/orders/")
_ORDER = ("paths", "/orders/{id}")
_NEW_ORDER = (*SCHEMAS, "NewOrder")
_ITEM = (*SCHEMAS, "Item", "properties")
_STATUS_SENT = (*SCHEMAS, "OrderStatusUpdate", "properties", "orderStatus")
_LIMIT = (*_ORDERS, "get", "parameters", 1)
_LIST = (*_ORDERS, "get", "responses", "200")
_NOTE = {"type": "string", "maxLength": 100}
_STATES = ["under process", "shipping", "delivered"]


def _object_of(*names: str) -> dict[str, Any]:
    return {"type": "object", "required": [*names]}


BREAKING: dict[str, tuple[str, Edit]] = {
    "an operation is gone": ("order", drop(*_ORDER, "get")),
    "an operation became internal": ("order", put(*_ORDER, "get", "x-internal", value=True)),
    "a path is gone": ("order", drop("paths", "/orders/{id}/status")),
    "a path has another name": ("order", move("/orders/{id}", "/order/{id}", "paths")),
    "an operationId is another": (
        "order",
        put(*_ORDERS, "get", "operationId", value="find_orders"),
    ),
    "a field of an answer is gone": ("order", drop(*SCHEMAS, "Order", "properties", "userEmails")),
    "an optional field of an answer is gone": (
        "user",
        drop(*SCHEMAS, "User", "properties", "phoneNumber"),
    ),
    "a field of an answer may be missing": (
        "order",
        remove("createdAt", *SCHEMAS, "Order", "required"),
    ),
    "a request needs a new field": (
        "order",
        both(
            put(*_NEW_ORDER, "properties", "giftNote", value=_NOTE),
            append("giftNote", *_NEW_ORDER, "required"),
        ),
    ),
    "a request needs what it could leave out": ("order", append("userId", *_NEW_ORDER, "required")),
    "a field is not accepted any more": (
        "user",
        drop(*SCHEMAS, "NewUser", "properties", "createdAt"),
    ),
    "a request may have one value less": (
        "order",
        put(*_STATUS_SENT, value={"type": "string", "enum": _STATES[1:]}),
    ),
    "an answer may have one value more": ("order", append("lost", *SCHEMAS, "OrderStatus", "enum")),
    "a string must be shorter": ("user", put(*SCHEMAS, "PhoneNumber", "maxLength", value=12)),
    "a number must be lower": ("order", put(*_ITEM, "quantity", "maximum", value=10)),
    "a number must be higher": ("order", put(*_ITEM, "quantity", "minimum", value=2)),
    "a number must not be its limit": (
        "order",
        put(*_ITEM, "price", "exclusiveMinimum", value=True),
    ),
    "an array must be shorter": ("order", put(*SCHEMAS, "Items", "maxItems", value=5)),
    "an array must be longer": ("order", put(*SCHEMAS, "Items", "minItems", value=2)),
    "an array must have no equal elements": (
        "order",
        put(*SCHEMAS, "Items", "uniqueItems", value=True),
    ),
    "an array must have no like elements": (
        "order",
        put(*SCHEMAS, "Items", "x-unique-as", value="email"),
    ),
    "a pattern is another": ("user", put(*SCHEMAS, "PhoneNumber", "pattern", value="^[0-9]{12}$")),
    "there is a pattern": ("user", put(*SCHEMAS, "Email", "pattern", value="^[a-z]")),
    "an array of an answer may be longer": (
        "order",
        put(*_LIST, "content", "application/json", "schema", "maxItems", value=5000),
    ),
    "a number of an answer may be higher": (
        "order",
        put(*_ITEM, "quantity", "maximum", value=2_000_000),
    ),
    "a string is a number": ("order", put(*_ITEM, "itemId", value={"type": "integer"})),
    "an integer is a number": ("order", put(*_ITEM, "quantity", value={"type": "number"})),
    "an answer may hold null": ("order", put(*SCHEMAS, "Timestamp", "nullable", value=True)),
    "a default is another": ("order", put(*_LIMIT, "schema", "default", value=50)),
    "a default of a body is another": (
        "order",
        put(*_NEW_ORDER, "properties", "orderStatus", "default", value="shipping"),
    ),
    "a query parameter is gone": ("order", drop(*_ORDERS, "get", "parameters", 0)),
    "a query parameter has another name": ("order", put(*_LIMIT, "name", value="max")),
    "a query parameter is needed": ("order", put(*_LIMIT, "required", value=True)),
    "a query parameter must be lower": ("order", put(*_LIMIT, "schema", "maximum", value=500)),
    "a new query parameter is needed": (
        "order",
        append(
            {"name": "since", "in": "query", "required": True, "schema": _NOTE},
            *_ORDERS,
            "get",
            "parameters",
        ),
    ),
    "success has another status": ("order", move("201", "200", *_ORDERS, "post", "responses")),
    "a header of an answer is gone": ("order", drop(*_LIST, "headers", "Link")),
    "a body has another media type": (
        "order",
        move("application/json", "application/xml", *_ORDERS, "post", "requestBody", "content"),
    ),
    "a key is needed": ("order", put("security", value=[{"apiKey": []}])),
    "the key goes into another header": (
        "order",
        put("components", "securitySchemes", "apiKey", "name", value="x-key"),
    ),
    "one of two ways to ask is gone": (
        "order",
        drop(*SCHEMAS, "OrderDetailsUpdate", "anyOf", 1),
    ),
}


def _parameters_at_the_operation(document: Document) -> None:
    item = at(document, *_ORDER)
    item["get"]["parameters"] = [*item.pop("parameters"), *item["get"].get("parameters", ())]


def _written_out(document: Document) -> None:
    place = at(document, *_NEW_ORDER, "properties")
    status = place["orderStatus"]
    place["orderStatus"] = resolve(document, status["allOf"][0]) | {"default": status["default"]}


def _extended(more: dict[str, Any]) -> Edit:
    """What the operation answers is an Order and `more`."""
    whole = {"allOf": [{"$ref": "#/components/schemas/Order"}, more]}
    media = (*_ORDER, "get", "responses", "200", "content", "application/json")
    return put(*media, "schema", value=whole)


def _self_reference(document: Document) -> None:
    before = {"allOf": [{"$ref": "#/components/schemas/Order"}], "description": "The one before."}
    at(document, *SCHEMAS, "Order", "properties")["before"] = before


HARMLESS: dict[str, tuple[str, Edit]] = {
    "nothing": ("order", lambda _: None),
    "a new operation": (
        "order",
        put(
            *_ORDER,
            "delete",
            value={"operationId": "delete_order", "responses": {"204": {"description": "Gone."}}},
        ),
    ),
    "a request may have a new field": (
        "order",
        put(*_NEW_ORDER, "properties", "giftNote", value=_NOTE),
    ),
    "an answer has a new field": (
        "order",
        put(*SCHEMAS, "Order", "properties", "giftNote", value=_NOTE),
    ),
    "a closed object has a new field": (
        "order",
        put(*SCHEMAS, "DeliveryAddress", "properties", "line2", value=_NOTE),
    ),
    "an answer always has what it could lack": (
        "user",
        append("createdAt", *SCHEMAS, "User", "required"),
    ),
    "a request may leave out what it needed": (
        "order",
        remove("userEmails", *_NEW_ORDER, "required"),
    ),
    "a request may have one value more": (
        "order",
        put(*_STATUS_SENT, value={"type": "string", "enum": [*_STATES, "lost"]}),
    ),
    "what only requests have may be longer": (
        "user",
        put(*SCHEMAS, "SentTimestamp", "maxLength", value=80),
    ),
    "what only answers have is shorter": (
        "order",
        put(*_LIST, "content", "application/json", "schema", "maxItems", value=500),
    ),
    "a request may go without a body": (
        "order",
        put(*_ORDERS, "post", "requestBody", "required", value=False),
    ),
    "a new query parameter": (
        "order",
        append({"name": "since", "in": "query", "schema": _NOTE}, *_ORDERS, "get", "parameters"),
    ),
    "a query parameter may be higher": ("order", put(*_LIMIT, "schema", "maximum", value=2000)),
    "a new error": (
        "order",
        put(*_ORDER, "get", "responses", "410", value={"description": "Gone."}),
    ),
    "a new header of an answer": (
        "order",
        put(*_LIST, "headers", "X-Note", value={"schema": _NOTE}),
    ),
    "a description": ("order", put(*SCHEMAS, "Order", "description", value="Another.")),
    "an example": ("order", put(*_ITEM, "quantity", "example", value=7)),
    "another title": ("order", put("info", "title", value="Orders")),
    "a tag": ("order", put(*_ORDER, "get", "tags", value=["sales"])),
    "a link": ("order", drop(*_ORDERS, "post", "responses", "201", "links")),
    "an operation is deprecated": ("order", put(*_ORDER, "get", "deprecated", value=True)),
    "a schema that nobody uses": ("order", put(*SCHEMAS, "Unused", value=_object_of("a"))),
    "a schema has another name": (
        "order",
        both(
            move("Item", "Line", *SCHEMAS),
            put(*SCHEMAS, "Items", "items", value={"$ref": "#/components/schemas/Line"}),
        ),
    ),
    "a schema is written out where it is used": ("order", _written_out),
    "a schema is wrapped to give it a description": (
        "order",
        put(
            *_NEW_ORDER,
            "properties",
            "userId",
            value={"allOf": [{"$ref": "#/components/schemas/Id"}], "description": "Whose."},
        ),
    ),
    "an answer is what it was, and more": (
        "order",
        _extended({"required": ["userId"], "properties": {"giftNote": _NOTE}}),
    ),
    "a schema refers to itself": ("order", _self_reference),
    "a parameter moves from path to operation": ("order", _parameters_at_the_operation),
    "the values in another order": ("order", turn(*SCHEMAS, "OrderStatus", "enum")),
    "the fields in another order": (
        "order",
        both(turn(*SCHEMAS, "Order", "properties"), turn(*SCHEMAS, "Order", "required")),
    ),
    "the paths in another order": ("order", turn("paths")),
    "the parameters in another order": ("order", turn(*_ORDERS, "get", "parameters")),
    "what goes without saying is said": (
        "order",
        both(
            put(*_ITEM, "price", "nullable", value=False),
            put(*SCHEMAS, "Timestamp", "minLength", value=0),
            put(*_LIMIT, "required", value=False),
            put(*SCHEMAS, "Order", "additionalProperties", value=True),
        ),
    ),
    "the server that goes without saying is not said": ("order", drop("servers")),
    "an enum without the limits that follow from it": (
        "order",
        drop(*SCHEMAS, "OrderStatus", "maxLength"),
    ),
}


def _compared(api: str, edit: Edit) -> list[str]:
    before = published_document(ROOT / "specs" / f"{api}.yaml")
    after = deepcopy(before)
    edit(after)
    return breaking_changes(ROOT, before, published(described(after)))


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """What is found of each change, by its name; all compared at once, as that takes its time."""
    cases = BREAKING | HARMLESS
    with ThreadPoolExecutor(2) as pool:
        return dict(
            zip(cases, pool.map(lambda case: _compared(*case), cases.values()), strict=True)
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_clients_is_found(found: dict[str, list[str]], name: str) -> None:
    """Each of these makes some client of the last release fail, on the wire or at a type."""
    assert found[name]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_not_refused(found: dict[str, list[str]], name: str) -> None:
    """No client of the last release could notice."""
    assert found[name] == []


def test_each_break_is_told_with_its_place() -> None:
    """A line each, whatever else changed."""
    edit = both(
        drop(*_ORDER, "get"),
        put(*_LIMIT, "schema", "default", value=50),
        put(*_NEW_ORDER, "properties", "giftNote", value=_NOTE),
    )
    assert _compared("order", edit) == [
        "#/paths/~1orders~1/get/parameters/1/schema/default: `default` changed from 100 to 50.",
        "#/paths/~1orders~1{id}/get: Operation `GET /orders/{id}` was removed.",
    ]
