"""What an error says: everything that is wrong, by names that last, and nothing of others."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import errors
from gateway.problem import problems
from models.fields.order import Item, Order
from models.fields.user import DeliveryAddress, User
from tests.examples import ADDRESS, ITEM
from tests.services.conftest import new_email
from tests.strict.target import Target, places, problem
from tests.strict.wire import JSON, request

ROOT = Path(__file__).parents[2]


def test_an_error_lists_all_that_is_wrong_with_a_body(orders: Target) -> None:
    """Each thing at its place, however deep."""
    body = {
        Order.userId: "no id",
        Order.items: [ITEM, {Item.itemId: "", Item.quantity: 0, Item.price: "1"}, {"extra": 1}],
        Order.userEmails: ["nobody", "a@example.com", "A@example.com"],
        Order.deliveryAddress: {DeliveryAddress.street: 1, DeliveryAddress.city: "", "galaxy": "x"},
        Order.orderStatus: "lost",
        Order.orderId: "o1",
    }
    told = orders.refuse_creation(json.dumps(body).encode(), 400)
    found = places(told)
    assert {*found} == {
        f"#/{User.userId}",
        f"#/{Order.items}/1/{Item.itemId}",
        f"#/{Order.items}/1/{Item.quantity}",
        f"#/{Order.items}/1/{Item.price}",
        f"#/{Order.items}/2",
        f"#/{Order.items}/2/extra",
        f"#/{Order.userEmails}",
        f"#/{Order.userEmails}/0",
        f"#/{Order.deliveryAddress}",
        f"#/{Order.deliveryAddress}/{DeliveryAddress.street}",
        f"#/{Order.deliveryAddress}/{DeliveryAddress.city}",
        f"#/{Order.deliveryAddress}/galaxy",
        f"#/{Order.orderStatus}",
        f"#/{Order.orderId}",
    }
    missing = {Item.itemId, Item.quantity, Item.price}
    assert missing == {
        name
        for name in missing
        for each in told["errors"]
        if each["pointer"] == f"#/{Order.items}/2" and name in each["detail"]
    }


def test_an_error_lists_all_that_is_wrong_with_a_query(orders: Target) -> None:
    """Unknown, repeated and ill-formed parameters in one answer."""
    told = orders.refuse(
        request("GET", "/orders/?limit=x&status=lost&colour=red&cursor=&cursor="), 400
    )
    assert {*places(told)} == {"limit", "status", "colour", "cursor"}


def test_an_error_lists_what_is_wrong_with_path_query_and_body_together(service: Target) -> None:
    """One answer names what is wrong in every part: fixing one does not reveal the next."""
    path = f"{service.path}no%20id{'/details' if service.path == '/orders/' else ''}?colour=red"
    body = json.dumps({Order.deliveryAddress: ADDRESS | {"city": 1}}).encode()
    told = service.refuse(request("PUT", path, body, JSON), 400)
    assert {*places(told)} == {"id", "colour", f"#/{Order.deliveryAddress}/{DeliveryAddress.city}"}


def test_an_error_of_very_many_mistakes_names_the_first_hundred(service: Target) -> None:
    """And says that there are more."""
    body = json.dumps(service.new() | {f"x{n}": n for n in range(500)}).encode()
    told = service.refuse_creation(body, 400)
    assert len(told["errors"]) == errors.MAX_ERRORS
    assert told["detail"].endswith("has 100 errors or more.")


def test_an_error_of_very_many_mistakes_says_nothing_untrue(service: Target) -> None:
    """What stands behind 5000 unknown properties was sent all the same."""
    body = json.dumps({f"x{n}": n for n in range(5000)} | service.new()).encode()
    told = service.refuse_creation(body, 400)
    assert {each["detail"] for each in told["errors"]} == {"is not a property here"}


def test_a_taken_address_tells_nothing_of_its_owner(users: Target) -> None:
    """Only which of the client's own addresses it is."""
    email = new_email()
    owner = users.create(
        users.body(**{User.emails: [email.upper()], User.firstName: "Secret"})
    ).json()
    answer = users.create(users.body(**{User.emails: [new_email(), email]}))
    told = problem(answer, 409)
    assert places(told) == [f"#/{User.emails}/1"]
    for secret in (owner[User.userId], "Secret", email, email.upper()):
        assert secret.encode() not in answer.body


MANAGEMENT_PATHS = [
    ("GET", "/ui/nothing", 404),
    ("GET", "/ui/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 404),
    ("GET", "/ui/../../../../etc/passwd", 404),
    ("GET", "/ui/%00", 404),
    ("GET", "/health/nothing", 404),
    ("GET", "/health/", 404),
    ("GET", "/metrics/nothing", 404),
    ("GET", "/openapi.yml", 404),
    ("POST", "/openapi.json", 405),
    ("DELETE", "/ui/", 405),
    ("POST", "/ui/index.html", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), MANAGEMENT_PATHS)
def test_errors_beside_the_api_are_problems_too(
    service: Target, method: str, path: str, status: int
) -> None:
    """Of Swagger UI, health, metrics and the spec."""
    service.refuse(request(method, path), status)


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/ui/", "/openapi.json"])
def test_a_body_to_what_is_beside_the_api_changes_nothing(service: Target, path: str) -> None:
    """It is not even looked at."""
    answer = service.ask(request("GET", path, b"\xff" * 3_000_000, JSON))
    assert answer.status == 200


def kinds(kind: type[errors.Problem] = errors.Problem) -> Iterator[str]:
    """The names of all problems that the services know."""
    yield kind.kind
    if kind is errors.Malformed:
        yield from (kind.of(status).kind for status in range(400, 600))
    for below in kind.__subclasses__():
        yield from kinds(below)


def gateway_kinds() -> set[str]:
    """The names of the problems that the gateway tells, and of one that its table does not know."""
    return {*(each.kind for each in problems()), "gateway-error"}


@pytest.mark.parametrize("kind", sorted({*kinds()} | gateway_kinds()))
def test_every_type_of_problem_is_documented(kind: str) -> None:
    """Clients may rely on it, so they must be able to read what it means."""
    text = (ROOT / "docs" / "problems.md").read_text()
    assert f"urn:aware:problem:{kind}`" in text
