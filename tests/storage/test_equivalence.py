"""The database takes exactly what the specs allow, but for one generated list of exceptions.

Hypothesis makes values that fit the specs, and breaks some of them at one place. Each is written to
the real MongoDB, under the validators that `aware setup mongodb` creates.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Int64
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.errors import WriteError

from contract.schema import Schema
from models.fields.user import User
from openapi.description import Description
from openapi.reading import load_description
from storage.client import Json
from storage.entity import Entity
from storage.system_fields import CONTACT_VERSION, EMAIL_KEYS, system
from tests.apis import both_collections

ROOT = Path(__file__).parents[2]
UNENFORCED = json.loads((ROOT / "schemas" / "unenforced.json").read_text("utf-8"))

Strategy = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Stored:
    """A collection: the schema of the specs for what it holds, and what only storage knows."""

    description: Description
    entity: str
    internal: Json

    @property
    def schema(self) -> Json:
        """The schema by itself."""
        return _whole(self.description, self.description.schemas[self.entity])


STORED = {
    "users": Stored(
        load_description(ROOT / "specs" / "user.yaml"),
        "User",
        {"_id": "x", **system({EMAIL_KEYS: ["x@example.com"], CONTACT_VERSION: Int64(1)})},
    ),
    "orders": Stored(
        load_description(ROOT / "specs" / "order.yaml"),
        "Order",
        {"_id": "x", **system({CONTACT_VERSION: Int64(0)})},
    ),
    "contacts": Stored(
        load_description(ROOT / "specs" / "events.yaml"), "UserContactsChanged", {}
    ),
}  # fmt: skip


def _whole(description: Description, node: Json) -> Json:
    """A schema with what it refers to in the place of each reference."""
    schema = {**description.resolve(node)}
    if "properties" in schema:
        schema["properties"] = {
            name: _whole(description, each) for name, each in schema["properties"].items()
        }
    if "items" in schema:
        schema["items"] = _whole(description, schema["items"])
    return schema


def _without(schema: Json, exceptions: dict[str, Json], here: str = "") -> Json:
    """The schema without the keywords that the database need not hold."""
    left = {key: value for key, value in schema.items() if key not in exceptions.get(here, {})}
    if "properties" in left:
        left["properties"] = {
            name: _without(each, exceptions, f"{here}/{name}")
            for name, each in left["properties"].items()
        }
    if "items" in left:
        left["items"] = _without(left["items"], exceptions, f"{here}/*")
    return left


def fitting(schema: Json) -> Strategy:
    """Values of a schema; where its keywords say more than is drawn here, a few too many."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object":
        properties = {name: fitting(each) for name, each in schema["properties"].items()}
        required = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: each for name, each in properties.items() if name in required},
            optional={name: each for name, each in properties.items() if name not in required},
        )
    if schema["type"] == "array":
        sizes = {"min_size": schema.get("minItems", 0), "max_size": 3}
        return st.lists(fitting(schema["items"]), **sizes)
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    if schema["type"] == "number":
        bounds = {"min_value": schema["minimum"], "max_value": schema["maximum"]}
        return st.floats(**bounds, allow_nan=False) | st.integers(**bounds)
    return _text(schema)


def _text(schema: Json) -> Strategy:
    if schema.get("format") == "date-time":
        earliest, latest = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - UTC is added
        moments = st.datetimes(earliest, latest)
        return moments.map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z")
    if schema.get("format") == "email":
        return st.integers(0, 10**6).map(lambda number: f"person.{number}@example.com")
    pattern = st.from_regex(schema["pattern"].replace("$", r"\Z"))
    return pattern.filter(lambda text: len(text) <= schema["maxLength"])


def _addresses(count: int) -> list[str]:
    return [f"person.{number}@example.com" for number in range(count)]


@st.composite
def broken(draw: st.DrawFn, schema: Json) -> Any:  # noqa: ANN401 - JSON is anything
    """A value that fits, but for one place, which may fit too."""
    value = draw(fitting(schema))
    path = draw(st.sampled_from([*_paths(value)]))
    if not path:
        return draw(_changed(value))
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    if isinstance(parent, dict) and draw(st.booleans()):
        del parent[path[-1]]
    else:
        parent[path[-1]] = draw(_changed(parent[path[-1]]))
    return value


def _paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    if here:
        yield here
    inner = value.items() if isinstance(value, dict) else ()
    for key, each in inner or (enumerate(value) if isinstance(value, list) else ()):
        yield from _paths(each, (*here, key))


ODD: tuple[Any, ...] = (
    *(None, True, "", "x", "x\n", "x\x00", " ", "shipping", "not an address", "a@example.com "),
    *("x" * 64, "x" * 65, "x" * 200, "x" * 201, "é" * 200, "1" * 9, "1" * 10, "1" * 15, "1" * 16),
    *(0, 1, -1, 1.5, 1.0, 0.0, 10**6, 10**6 + 1, 10**9, 10**9 + 0.5, 2**31, 2**63 - 1, -(2**63)),
    *([], {}, [[]], [None], ["a@example.com"] * 2, ["a@example.com", "A@example.com"], {"x": 1}),
    *("2026-11-22", "2026-11-22T10:15:30", "2026-13-22T10:15:30.123Z", "1" * 11 + "\n"),
    "x" * 243 + "@example.com",
)
"""Values at and beyond the limits of the specs, and of other types."""


def _changed(value: Any) -> Strategy:  # noqa: ANN401 - JSON is anything
    ways = [st.sampled_from(ODD).map(deepcopy)]
    if isinstance(value, str):
        ways.append(st.sampled_from([f"{value}\n", value.upper(), f"\x07{value}", value * 70]))
    elif isinstance(value, list):
        ways.append(st.sampled_from([0, 2, 20, 21, 200, 201]).map(lambda size: value[:1] * size))
        ways.append(st.sampled_from([20, 21]).map(_addresses))
    elif isinstance(value, dict):
        ways.append(st.just({**value, "surplus": 1}))
    return st.one_of(ways)


def stored(name: str, value: Json) -> Json:
    """The document that storage would write for a value: moments as dates, its own fields."""
    codec = Entity(STORED[name].description, STORED[name].entity).codec()
    document = codec.to_database(value) | STORED[name].internal
    if name == "contacts" and User.userId in document:
        document["_id"] = document.pop("userId")
    return document


@pytest.fixture(scope="module")
def validated(root: MongoClient[Json]) -> Iterator[dict[str, Collection[Json]]]:
    """Empty collections with the validators of the real ones, by name."""
    name, made = "equivalence", {}
    for each in both_collections(name, name):
        validator = {"$jsonSchema": each.schema}
        collection = root[name].create_collection(each.name, validator=validator)
        made[each.name] = collection.with_options(write_concern=WriteConcern(w=1, j=False))
    yield made
    root.drop_database(name)


_BAD_ID = 53
"""What MongoDB says of an array as `_id`, whatever the validator."""


def accepts(collection: Collection[Json], document: Json) -> bool:
    """Whether the database takes the document; it is taken away again."""
    try:
        done = collection.insert_one(document)
    except WriteError as error:
        is_id = error.code == _BAD_ID and isinstance(document["_id"], list)
        assert error.code == 121 or is_id, error  # noqa: PT017 - others are the test's
        return False
    collection.delete_one({"_id": done.inserted_id})
    return True


many = settings(
    max_examples=100,
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", STORED)
@many
@given(data=st.data())
def test_what_the_specs_allow_the_database_takes(
    validated: dict[str, Collection[Json]], name: str, data: st.DataObject
) -> None:
    """Whatever the API stores."""
    value = data.draw(fitting(STORED[name].schema))
    if not _strict(name).issues(value):
        assert accepts(validated[name], stored(name, value))


@pytest.mark.parametrize("name", STORED)
@many
@given(data=st.data())
def test_the_database_refuses_what_breaks_the_specs_beyond_the_list(
    validated: dict[str, Collection[Json]], name: str, data: st.DataObject
) -> None:
    """It takes a value where nothing is wrong with it, or nothing but what the list names."""
    value = data.draw(broken(STORED[name].schema))
    fits = not _lenient(name).issues(value)
    assert accepts(validated[name], stored(name, value)) is fits


TWINS = ["a@example.com", "A@example.com"]
BREAKING = {
    "format: email": "not an address",
    "x-unique-as: email": TWINS,
    "maxLength: 24": "2026-11-22T10:15:30.123000Z",
}
"""A value for each exception that breaks that and nothing else."""

EXCEPTIONS = [
    (name, place, f"{keyword}: {wanted}")
    for name, places in UNENFORCED.items()
    for place, keywords in places.items()
    for keyword, wanted in keywords.items()
]


@pytest.mark.parametrize(("name", "place", "exception"), EXCEPTIONS)
@settings(max_examples=20, deadline=None, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_the_list_is_no_wider_than_it_must_be(
    validated: dict[str, Collection[Json]],
    name: str,
    place: str,
    exception: str,
    data: st.DataObject,
) -> None:
    """Each exception is one: what breaks only that is refused by the API, taken by the database."""
    complete = fitting(STORED[name].schema).filter(lambda value: not _strict(name).issues(value))
    value = data.draw(complete)
    _, key, *element = place.split("/")
    value[key] = [BREAKING[exception]] if element else BREAKING[exception]
    assert _strict(name).issues(value)
    assert accepts(validated[name], stored(name, value))


def test_the_list_names_formats_and_the_text_of_dates_only() -> None:
    """Limits, types and names are the database's own business."""
    assert {exception for _, _, exception in EXCEPTIONS} == BREAKING.keys()
    assert UNENFORCED.keys() == STORED.keys()


_COMPILED: dict[tuple[str, bool], Schema] = {}


def _strict(name: str) -> Schema:
    return _compiled(name, {})


def _lenient(name: str) -> Schema:
    return _compiled(name, UNENFORCED[name])


def _compiled(name: str, exceptions: dict[str, Json]) -> Schema:
    key = (name, bool(exceptions))
    if key not in _COMPILED:
        schema = _without(STORED[name].schema, exceptions)
        _COMPILED[key] = Schema(schema, STORED[name].description.schemas, closed=True)
    return _COMPILED[key]
