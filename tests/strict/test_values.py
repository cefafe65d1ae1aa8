"""What the schemas say of values holds at its edges: numbers, strings, arrays, names."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import pytest

from contract.bindable import load_api
from models.fields.order import Item, Order
from models.fields.user import DeliveryAddress, User
from storage.client import Json
from tests.examples import ADDRESS, ITEM
from tests.services.conftest import new_email, new_order, new_user
from tests.strict.target import Target, places
from tests.strict.wire import JSON, request

SCHEMAS = {
    name: load_api(Path(__file__).parents[2] / "specs" / f"{name}.yaml").schemas
    for name in ("user", "order")
}
TEXT: int = SCHEMAS["user"]["Text"]["maxLength"]
EMAIL: int = SCHEMAS["user"]["Email"]["maxLength"]
EMAILS: int = SCHEMAS["user"]["Emails"]["maxItems"]
ITEMS: int = SCHEMAS["order"]["Items"]["maxItems"]
QUANTITY: int = SCHEMAS["order"]["Item"]["properties"][Item.quantity]["maximum"]
PRICE: int = SCHEMAS["order"]["Item"]["properties"][Item.price]["maximum"]


def order_with(**raw: str) -> bytes:
    """An order with one item, some of whose values are JSON as it stands."""
    values = {name: json.dumps(value) for name, value in ITEM.items()} | raw
    item = ", ".join(f'"{name}": {value}' for name, value in values.items())
    return json.dumps(new_order(**{Order.items: ["?"]})).replace('"?"', f"{{{item}}}").encode()


@pytest.mark.parametrize("quantity", ["1", "2", str(QUANTITY)])
def test_a_quantity_within_its_limits_is_kept(orders: Target, quantity: str) -> None:
    """Exactly, through the database."""
    order = orders.create(order_with(quantity=quantity)).json()
    assert order[Order.items][0][Item.quantity] == int(quantity)
    found = orders.ask(request("GET", f"/orders/{order[Order.orderId]}")).json()
    assert found == order


NO_QUANTITY = [
    *("0", "-0", "-1", str(QUANTITY + 1)),
    *("1.0", "1.5", "1e2", "0.1e1", "1e-1", "1e999", "-1e999"),
    *(str(2**31 - 1), str(2**31), str(-(2**31) - 1)),
    *(str(2**53), str(2**53 + 1), str(2**63 - 1), str(2**63), str(-(2**63)), str(-(2**63) - 1)),
    *(str(2**64), "9" * 40, "-" + "9" * 40, "9" * 400),
    *("true", "false", "null", '"1"', '""', "[]", "[1]", "{}", '{"$numberInt": "1"}'),
]


@pytest.mark.parametrize("quantity", NO_QUANTITY, ids=lambda text: text[:24])
def test_what_is_no_quantity_is_400(orders: Target, quantity: str) -> None:
    """Whether it overflows 32 bits, 64 bits or a double, or only looks like a number."""
    told = orders.refuse_creation(order_with(quantity=quantity), 400)
    assert set(places(told)) == {f"#/{Order.items}/0/{Item.quantity}"}


PRICES = ["0", "0.0", "-0.0", "5e-324", "1e-400", "0.1", "29.99", "30", "1E5", str(PRICE), "1e9"]


@pytest.mark.parametrize("price", [*PRICES, "0." + "1" * 5000], ids=lambda text: text[:24])
def test_a_price_within_its_limits_is_kept(orders: Target, price: str) -> None:
    """As the double nearest to it, whole numbers too."""
    order = orders.create(order_with(price=price)).json()
    assert order[Order.items][0][Item.price] == float(price)
    found = orders.ask(request("GET", f"/orders/{order[Order.orderId]}")).json()
    assert found == order


NO_PRICE = [
    *("-1", "-5e-324", str(PRICE + 1), "1000000000.0000001"),
    *("1.7976931348623157e308", "1.7976931348623159e308", "1e309", "1e999", "-1e999", "1e99999"),
    *(str(2**63), "9" * 40, "9" * 400),
    *("true", "false", "null", '"1"', '"NaN"', "[]", "{}", '{"$numberDouble": "1"}'),
]


@pytest.mark.parametrize("price", NO_PRICE, ids=lambda text: text[:24])
def test_what_is_no_price_is_400(orders: Target, price: str) -> None:
    """At the field, even where the number is beyond every double."""
    assert places(orders.refuse_creation(order_with(price=price), 400)) == [
        f"#/{Order.items}/0/{Item.price}"
    ]


@pytest.mark.parametrize("value", [True, 1, 1.5, None, [], ["a"], {}, {"$ne": ""}], ids=repr)
def test_what_is_no_string_is_400(service: Target, value: object) -> None:
    """Nothing is turned into a string."""
    told = service.refuse_creation(
        service.body(**{User.deliveryAddress: ADDRESS | {"city": value}}), 400
    )
    assert places(told) == [f"#/{User.deliveryAddress}/{DeliveryAddress.city}"]


@pytest.mark.parametrize("character", ["a", "é", "e\u0301", "漢", "😀", "𝄞", '"', "\\", "$"])
def test_a_string_is_as_long_as_its_code_points(service: Target, character: str) -> None:
    """As many as the spec allows are kept, one more is 400, whatever their size in bytes."""
    longest = character * (TEXT // len(character))
    answer = service.create(service.body(**{User.deliveryAddress: ADDRESS | {"city": longest}}))
    assert answer.status == 201
    assert answer.json()[User.deliveryAddress][DeliveryAddress.city] == longest
    too_long = ADDRESS | {"city": longest + character}
    told = service.refuse_creation(service.body(**{User.deliveryAddress: too_long}), 400)
    assert places(told) == [f"#/{User.deliveryAddress}/{DeliveryAddress.city}"]


@pytest.mark.parametrize(
    "text", ["", "\x00", "a\x00b", "\n", "a\n", "\t", "\x1f", "\x7f"], ids=ascii
)
def test_empty_strings_and_control_characters_are_400(service: Target, text: str) -> None:
    """NUL above all, and a newline at the end, which `$` admits in other dialects."""
    told = service.refuse_creation(
        service.body(**{User.deliveryAddress: ADDRESS | {"city": text}}), 400
    )
    assert set(places(told)) == {f"#/{User.deliveryAddress}/{DeliveryAddress.city}"}


@pytest.mark.parametrize(
    "number",
    ["1" * 9, "1" * 16, "1" * 10 + "\n", "+14155551234", "\u0661" * 10, "\uff11" * 10, "1e10", ""],
)
def test_what_is_no_phone_number_is_400(users: Target, number: str) -> None:
    """10 to 15 digits, and those of ASCII alone."""
    told = users.refuse_creation(users.body(**{User.phoneNumber: number}), 400)
    assert set(places(told)) == {f"#/{User.phoneNumber}"}


@pytest.mark.parametrize(
    "user_id", ["u1\n", "u 1", "u/1", "../u1", "ü", "", "a" * 65, "u1\x00", "$where"], ids=ascii
)
def test_what_is_no_id_is_400(orders: Target, user_id: str) -> None:
    """An order's userId is refused, not cut or escaped."""
    told = orders.refuse_creation(orders.body(**{Order.userId: user_id}), 400)
    assert set(places(told)) == {f"#/{User.userId}"}


def address_of(length: int) -> str:
    """An e-mail address of so many characters, that nobody has yet."""
    local = uuid4().hex * 2
    rest = length - len(local) - len("@..com")
    labels = ["b" * 63, "c" * 63, "d" * (rest - 127)]
    return f"{local}@{'.'.join(labels)}.com"


def test_an_address_has_the_greatest_length_of_the_spec(users: Target) -> None:
    """And one character more is 400."""
    longest = address_of(EMAIL)
    assert len(longest) == EMAIL
    assert users.create(users.body(**{User.emails: [longest]})).json()[User.emails] == [longest]
    assert set(
        places(users.refuse_creation(users.body(**{User.emails: [address_of(EMAIL + 1)]}), 400))
    ) == {f"#/{User.emails}/0"}


NO_ADDRESS = [
    *("", "@", "a@", "@b.com", "a", "a b@example.com", "a@b.", "a@-b.com", "a@b..com", "a@.com"),
    *("a..b@example.com", ".a@example.com", "a.@example.com", "a@b@example.com", "a@b.com\n"),
    *("Jane <a@example.com>", "a@example.com, b@example.com", "a\x00@example.com", "a@[127.0.0]"),
    *(
        "a@exa mple.com",
        "a@example.com ",
        " a@example.com",
        "a@b.c\u200b.com",
        "a@" + "b" * 64 + ".com",
    ),
    "a" * 65 + "@example.com",
    "a" * 500_000 + "@example.com",
    "a@" + "b." * 250_000 + "com",
    "@" * 500_000,
]


@pytest.mark.parametrize("address", NO_ADDRESS, ids=lambda text: ascii(text)[:24])
def test_what_is_no_address_is_400(service: Target, address: str) -> None:
    """A real check, not the search for an @."""
    field = User.emails if service.path == "/users/" else Order.userEmails
    told = service.refuse_creation(service.body(**{field: [address]}), 400)
    assert set(places(told)) == {f"#/{field}/0"}


TWINS = {
    "letter case": ("Ann@example.com", "aNN@Example.COM"),
    "letter case beyond ASCII": ("\u00c5sa@example.com", "\u00e5sa@example.com"),
    "composed and not": ("\u00e9@example.com", "e\u0301@example.com"),
    "a domain in both its forms": ("a@b\u00fccher.com", "a@xn--bcher-kva.com"),
    "a domain in another case": ("a@B\u00dcCHER.com", "a@b\u00fccher.com"),
    "a sharp s in a domain in both its forms": ("a@fa\u00df.de", "a@xn--fa-hia.de"),
}


@pytest.mark.parametrize("addresses", TWINS.values(), ids=TWINS.keys())
def test_two_spellings_of_an_address_are_one_address(
    users: Target, addresses: tuple[str, str]
) -> None:
    """400 within a request; 409 against another user, though each is kept as it was sent."""
    field = {User.emails: list(addresses)}
    assert places(users.refuse_creation(users.body(**field), 400)) == [f"#/{User.emails}"]
    mark = uuid4().hex
    first, second = f"{mark}{addresses[0]}", f"{mark}{addresses[1]}"
    assert users.create(users.body(**{User.emails: [first]})).json()[User.emails] == [first]
    told = users.refuse_creation(users.body(**{User.emails: [second]}), 409)
    assert places(told) == [f"#/{User.emails}/0"]


def test_addresses_that_only_look_alike_are_two(users: Target) -> None:
    """A sharp s in a domain is another domain: two users may have them, and one user both."""
    name = uuid4().hex
    sharp, plain = f"{name}@fa\u00df.de", f"{name}@fass.de"
    user = users.create(users.body(**{User.emails: [sharp]})).json()
    assert users.create(users.body(**{User.emails: [plain]})).status == 201
    both = [f"both.{sharp}", f"both.{plain}"]
    answer = users.ask(
        request(
            "PUT", f"/users/{user[User.userId]}", json.dumps({User.emails: both}).encode(), JSON
        )
    )
    assert answer.json()[User.emails] == both


ODD_ADDRESSES = [
    "{}@foo.test",
    "{}@foo.local",
    "{}@foo.invalid",
    "{}@localhost",
    "{}@[192.0.2.1]",
    '"{} and a space"@example.com',
    '"{}\\"@"@example.com',
]


@pytest.mark.parametrize("form", ODD_ADDRESSES)
def test_whatever_rfc_5321_calls_a_mailbox_is_an_address(users: Target, form: str) -> None:
    """It is kept and answered as sent, and belongs to one user."""
    address = form.format(uuid4().hex)
    assert users.create(users.body(**{User.emails: [address]})).json()[User.emails] == [address]
    users.refuse_creation(users.body(**{User.emails: [address.upper()]}), 409)


NO_MOMENT = [
    *("", "now", "2026-11-22", "10:15:30Z", "2026-11-22T10:15:30", "2026-11-22T10:15Z"),
    *("2026-02-29T10:15:30Z", "2026-13-01T10:15:30Z", "2026-11-31T10:15:30Z"),
    *("2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-12-31T23:59:60Z"),
    *("2026-11-22T10:15:30+24:00", "2026-11-22T10:15:30+0200", "2026-11-22T10:15:30 Z"),
    *("0000-01-01T00:00:00Z", "0000-12-31T23:59:59-14:00"),
    *("10000-01-01T00:00:00Z", "-2026-11-22T10:15:30Z", "20261122T101530Z"),
    *(
        "2026-11-22T10:15:30Z\n",
        "\uff12\uff10\uff12\uff16-11-22T10:15:30Z",
        "2026-11-22T10:15:30.Z",
    ),
    "2026-11-22T10:15:30." + "1" * 1000 + "Z",
]


@pytest.mark.parametrize("moment", NO_MOMENT, ids=lambda text: ascii(text)[:32])
@pytest.mark.parametrize("field", [User.createdAt, User.updatedAt])
def test_what_is_no_moment_is_400(users: Target, field: str, moment: str) -> None:
    """In v2 too, which ignores the field: both builds accept the same requests."""
    told = users.refuse_creation(users.body(**{field: moment}), 400)
    assert set(places(told)) == {f"#/{field}"}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
def test_the_first_and_the_last_moment_are_kept(users: Target, moment: str) -> None:
    """They are stored, read and answered."""
    user = users.create(users.body(**{User.createdAt: moment})).json()
    found = users.ask(request("GET", f"/users/{user[User.userId]}"))
    assert found.json() == user


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_that_utc_does_not_reach_is_the_first_or_the_last(
    targets: Mapping[str, Target], moment: str, kept: str
) -> None:
    """By its offset alone; version 1 keeps what was sent, version 2 its own."""
    users = targets["user-service-v1"]
    assert users.create(users.body(**{User.createdAt: moment})).json()[User.createdAt] == kept
    assert targets["user-service-v2"].create(users.body(**{User.createdAt: moment})).status == 201


def test_arrays_have_the_greatest_length_of_the_spec(service: Target) -> None:
    """As many addresses as the spec allows, and not one more."""
    field = User.emails if service.path == "/users/" else Order.userEmails
    addresses = [new_email() for _ in range(EMAILS)]
    answer = service.create(service.body(**{field: addresses}))
    assert answer.json()[field] == addresses
    for wrong in ([], [*addresses, new_email()]):
        told = service.refuse_creation(service.body(**{field: wrong}), 400)
        assert places(told) == [f"#/{field}"]


def test_an_order_has_as_many_items_as_the_spec_allows(orders: Target) -> None:
    """And not one more."""
    answer = orders.create(orders.body(**{Order.items: [ITEM] * ITEMS}))
    assert answer.json()["items"] == [ITEM] * ITEMS
    for wrong in ([], [ITEM] * (ITEMS + 1)):
        assert places(orders.refuse_creation(orders.body(**{Order.items: wrong}), 400)) == [
            f"#/{Order.items}"
        ]


HUGE: dict[str, Json] = {
    "300000 numbers for addresses": new_user(**{User.emails: [1] * 300_000}),
    "100000 words for addresses": new_user(**{User.emails: [f"a{n}" for n in range(100_000)]}),
    "60000 addresses": new_user(**{User.emails: [f"a{n}@b.cd" for n in range(60_000)]}),
    "one address 100000 times": new_user(**{User.emails: ["a@b.cd"] * 100_000}),
    "2000 international addresses": new_user(
        **{User.emails: [f"a{n}@{'é' * 20}{n}.{'ü' * 20}.com" for n in range(2000)]}
    ),
    "2000 long international addresses": new_user(
        **{
            User.emails: [
                f"{'é' * 60}{n}@{'ü' * 30}.{'ö' * 30}.{'ä' * 30}.com" for n in range(2000)
            ]
        }
    ),
    "80000 unknown properties": new_user(**{f"x{n}": 1 for n in range(80_000)}),
    "a name of 900000 letters": new_user(**{"x" * 900_000: 1}),
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE.keys())
def test_a_huge_mistake_does_not_keep_the_service_from_others(users: Target, body: Json) -> None:
    """It is refused within moments: while it is looked at, nobody else is answered."""
    assert _seconds(users, json.dumps(body, ensure_ascii=False).encode()) < MOMENTS


def test_a_huge_order_does_not_keep_the_service_from_others(orders: Target) -> None:
    """The same where each of 30000 items has six mistakes."""
    items = [{"a": 1, "b": 2, "c": 3}] * 30_000
    assert _seconds(orders, orders.body(**{Order.items: items})) < MOMENTS


MOMENTS = 2.0
"""Seconds; on a busy machine. It is a tenth of that on an idle one."""


def _seconds(target: Target, body: bytes) -> float:
    began = time.monotonic()
    told = target.refuse_creation(body, 400)
    assert len(told["errors"]) <= 100
    return time.monotonic() - began


NAMES = [
    "$where",
    "$set",
    "a.b",
    "emails.0",
    "",
    " ",
    "_id",
    "__proto__",
    "a\x00b",
    "ключ",
    "a/b",
    "a~b",
    "%41",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_unknown_property_is_400_wherever_it_is(service: Target, name: str) -> None:
    """Its pointer leads to it, whatever it is called: `$` and `.` above all."""
    for place, body in (
        ([name], service.new() | {name: 1}),
        (
            ["deliveryAddress", name],
            service.new() | {User.deliveryAddress: ADDRESS | {name: {"$ne": 1}}},
        ),
    ):
        told = service.refuse_creation(json.dumps(body).encode(), 400)
        assert [_path(pointer) for pointer in places(told)] == [place]


@pytest.mark.parametrize("name", ["$inc", "price.0", "_id"])
def test_an_unknown_property_of_an_item_is_400(orders: Target, name: str) -> None:
    """In an array too."""
    told = orders.refuse_creation(orders.body(**{Order.items: [ITEM, ITEM | {name: 1}]}), 400)
    assert [_path(pointer) for pointer in places(told)] == [["items", "1", name]]


@pytest.mark.parametrize("name", ["userId", "_id", "_system", "contactVersion", "outbox"])
def test_what_the_service_keeps_for_itself_is_400(users: Target, name: str) -> None:
    """Neither its ids nor its books can be written from outside."""
    assert places(users.refuse_creation(users.body(**{name: "u1"}), 400)) == [f"#/{name}"]


@pytest.mark.parametrize("name", ["orderId", "createdAt", "updatedAt", "_system"])
def test_what_the_order_service_sets_itself_is_400(orders: Target, name: str) -> None:
    """Ids and times of orders are the server's."""
    moment = "2026-11-22T10:15:30Z"
    assert places(orders.refuse_creation(orders.body(**{name: moment}), 400)) == [f"#/{name}"]


@pytest.mark.parametrize("text", ["$deliveryAddress.city", "$$ROOT", "$$NOW", "a.b.$[]"])
def test_a_value_that_looks_like_an_expression_stays_text(orders: Target, text: str) -> None:
    """Also where a change is made by an aggregation pipeline."""
    order = orders.create(orders.body()).json()
    path = f"/orders/{order[Order.orderId]}/details"
    body = json.dumps({Order.deliveryAddress: ADDRESS | {"city": text}}).encode()
    changed = orders.ask(request("PUT", path, body, JSON)).json()
    assert changed[Order.deliveryAddress][DeliveryAddress.city] == text


def _path(pointer: str) -> list[str]:
    """The names that a JSON pointer, written as a URI fragment, leads through."""
    assert pointer.isascii()
    parts = unquote(pointer.removeprefix("#")).split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]
