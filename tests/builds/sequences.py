"""Sequences of requests to the user service: most of them good, some of them odd."""

import operator
from typing import Any

from hypothesis import strategies as st

from models.fields.user import DeliveryAddress, User
from storage.client import Json
from tests.builds.comparison import PLACE, Step

_NAMES = ["ann", "ANN", "bob", "Bob", "carol", "dora", "eve", "zoë", "a.b+c"]
_JUNK: list[Any] = [None, "", "x\n", "a" * 201, -1, 1.5, True, [], {}, ["x"], {"$set": 1}]
_SPOILT: dict[str, list[Any]] = {
    User.emails: [["ann"], ["a@b..com"], [f"ann@{PLACE}.org", f"Ann@{PLACE}.org"]],
    User.phoneNumber: ["123", "1" * 16, "1" * 10 + "\n"],
    User.createdAt: ["2026-02-30T00:00:00Z", "2026-12-31T23:59:60Z", "0000-01-01T00:00:00Z"],
    User.updatedAt: ["yesterday", "2026-11-22", "2026-12-31T23:59:60Z"],
    User.deliveryAddress: [{"street": "x"}],
    User.firstName: ["\x00"],
    User.userId: ["u1"],
    "contactVersion": [1],
    "$x": ["x"],
}
"""What some properties must not be, besides junk."""

_emails = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique_by=str.casefold).map(
    lambda names: [f"{name}@{PLACE}.example.com" for name in names]
)
_texts = st.sampled_from(["x", "Smith", "O'Brien", "漢字", "a" * 200])
_moments = st.sampled_from(
    ["2020-01-01T00:00:00Z", "2999-12-31T23:59:59.999Z", "2026-11-22T10:15:30.123456+02:00"]
)
_delivery = _texts.map(
    lambda text: dict.fromkeys(
        (
            DeliveryAddress.street,
            DeliveryAddress.city,
            DeliveryAddress.state,
            DeliveryAddress.postalCode,
            DeliveryAddress.country,
        ),
        text,
    )
)
_new_users = st.fixed_dictionaries(
    {User.emails: _emails, User.deliveryAddress: _delivery},
    optional={
        User.firstName: _texts,
        User.lastName: _texts,
        User.phoneNumber: st.just("14155551234"),
        User.createdAt: _moments,
        User.updatedAt: _moments,
    },
)
_changes: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries(
        {User.emails: _emails}, optional={User.deliveryAddress: _delivery, User.updatedAt: _moments}
    ),
    st.fixed_dictionaries({User.deliveryAddress: _delivery}, optional={User.updatedAt: _moments}),
    st.just({}),
)


def _spoilt(name: str) -> st.SearchStrategy[Json]:
    return st.sampled_from([*_SPOILT[name], *_JUNK]).map(lambda value: {name: value})


def _sometimes_spoilt(bodies: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    wrong = st.sampled_from(sorted(_SPOILT)).flatmap(_spoilt)
    return st.one_of(bodies, bodies, bodies, st.builds(operator.or_, bodies, wrong))


_creations = st.builds(Step, st.just("POST"), st.just("/users/"), _sometimes_spoilt(_new_users))
_users = st.sampled_from([f"/users/<{number}>" for number in range(3)])
_updates = st.builds(Step, st.just("PUT"), _users, _sometimes_spoilt(_changes))
_reads = st.builds(Step, st.just("GET"), _users)
_odd = st.sampled_from(
    [
        Step("GET", "/users/<0>/"),
        Step("GET", "/users/<0>?x=1"),
        Step("GET", "/users/no%20id"),
        Step("GET", "/users/"),
        Step("GET", "/nowhere"),
        Step("DELETE", "/users/<0>"),
        Step("PATCH", "/users/<0>", {}),
        Step("PUT", "/users/nobody", {User.emails: [f"ann@{PLACE}.example.com"]}),
        Step("PUT", "/users/<0>/", {User.emails: [f"new@{PLACE}.example.com"]}),
        Step("POST", "/users/", "{"),
        Step("POST", "/users/", '{"emails": NaN}'),
        Step("POST", "/users/", '{"emails": [], "emails": []}'),
        Step("POST", "/users/", {}, "text/plain"),
        Step("POST", "/users/", {}, "Application/JSON; charset=utf-8"),
        Step("POST", "/users/"),
    ]
)

_steps = st.one_of(_creations, _creations, _updates, _updates, _reads, _odd)


def _without_none(first: Step | None, others: list[Step | None]) -> list[Step]:
    return [step for step in (first, *others) if step is not None]


# A step shrinks to none in one go; to take it out of a list takes as many as it has values.
SEQUENCES = st.builds(
    _without_none,
    st.one_of(st.none(), _creations, _creations, _creations),
    st.lists(st.none() | _steps, min_size=1, max_size=7),
)
"""Of up to eight steps; they shrink to fewer, and to plainer ones."""
