"""Schemas of OpenAPI 3.0, compiled."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.bindable import load_api
from contract.errors import ValidationIssue
from contract.formats import MAX_EMAIL_CHARACTERS, email_key
from contract.schema import Schema
from openapi.views import View
from tests.describing import compiled, described_schemas

SPECS = Path(__file__).parents[2] / "specs"


def issues(schema: dict[str, Any], instance: object) -> list[ValidationIssue]:
    """What is wrong with the instance."""
    return compiled(schema).issues(instance)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "nullable": True}, [None, "x"], [1]),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, [None, "a"], ["b"]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, ["a"], [None, "b"]),
        ({"type": "integer", "format": "int32"}, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
        ({"type": "integer", "format": "int64"}, [2**63 - 1, -(2**63)], [2**63, 10**40]),
        ({"type": "integer"}, [0], [1.0, True, "1", None]),
        ({"type": "number"}, [0, 1.5], [True, "1"]),
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, [0.1], [0]),
        ({"type": "string", "maxLength": 2}, ["\U0001f600\U0001f600"], ["abc"]),
        ({"type": "string", "pattern": "^[0-9]{2}$"}, ["12"], ["12\n", "1", "x12"]),
        ({"type": "string", "format": "uuid"}, ["08884b79-e16c-4976-a52e-ba1b2b62cfaa"], ["1"]),
        ({"type": "string", "format": "date"}, ["2026-11-22"], ["2026-02-30", "22.11.2026"]),
        (
            {"type": "string", "format": "date-time"},
            [
                "2026-11-22T10:15:30Z",
                "2026-11-22T10:15:30.123456+05:30",
                "2026-11-22t10:15:30z",
                "0001-01-01T00:00:00+23:59",
                "9999-12-31T23:59:59-00:01",
            ],
            [
                "2026-11-22T10:15:30",
                "2026-11-22",
                "2026-11-22T24:00:00Z",
                "2026-11-22T23:59:60Z",
                "0000-01-01T00:00:00Z",
            ],
        ),
        (
            {"type": "string", "format": "email"},
            [
                "a@example.com",
                "a.b+c@sub.example.co",
                "jürgen@müller.de",
                "x@foo.test",
                "x@foo.local",
                "x@foo.invalid",
                "x@localhost",
                "x@r3--sn.example.com",
                "x@[192.0.2.1]",
                "x@[IPv6:2001:db8::1]",
                '"john smith"@example.com',
                '"a@b.\\"..c"@example.com',
                f"{'a' * 64}@{'b' * 63}.com",
            ],
            [
                "",
                "a",
                "a@",
                "@example.com",
                "a@@example.com",
                "a b@example.com",
                "a..b@example.com",
                ".a@example.com",
                "a@example.com\n",
                "a@example.com.",
                "a@-b.com",
                "a@b-.com",
                "a@b_c.com",
                "a@☃.net",
                "a@[192.0.2.300]",
                '"a"b@example.com',
                '"a\nb"@example.com',
                "a\u202eb@example.com",
                "a\u00a0b@example.com",
                f"{'a' * 65}@example.com",
                f"a@{'b' * 64}.com",
                f"a@{'.'.join(['b' * 60] * 5)}",
            ],
        ),
        (
            {"type": "array", "x-unique-as": "email", "items": {"type": "string"}},
            [["a@example.com", "b@example.com"], []],
            [["a@example.com", "A@EXAMPLE.com"]],
        ),
    ],
)
def test_a_schema_means_what_openapi_says(
    schema: dict[str, Any], good: list[object], bad: list[object]
) -> None:
    """Types, limits and formats hold exactly."""
    assert [each for each in good if issues(schema, each)] == []
    assert [each for each in bad if not issues(schema, each)] == []


def test_everything_that_is_wrong_is_told_with_its_place() -> None:
    """Not only the first error; each with a JSON pointer; surplus properties one by one."""
    description = load_api(SPECS / "user.yaml")
    schema = Schema(description.schemas["UserUpdate"], description.schemas)
    wrong = {"emails": ["a@example.com", "x"], "a/b": 1, "$c": 2, "deliveryAddress": {"street": 1}}
    found = {(issue.pointer, issue.detail) for issue in schema.issues(wrong)}
    assert ("#/emails/1", 'the value is not a "email"') in found
    assert ("#/a~1b", "is not a property here") in found
    assert ("#/$c", "is not a property here") in found
    assert ("#/deliveryAddress", '"city" is a required property') in found
    assert ("#/deliveryAddress/street", 'the value is not of type "string"') in found


def test_an_empty_update_is_told_its_ways_out() -> None:
    """Where one of several must be there, the message names them."""
    description = load_api(SPECS / "user.yaml")
    (issue,) = Schema(description.schemas["UserUpdate"], description.schemas).issues({})
    assert issue.pointer == "#"
    assert "emails" in issue.detail
    assert "deliveryAddress" in issue.detail


STRINGS = {"type": "array", "items": {"type": "string"}}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
MANY = 100_000
LARGE: dict[str, tuple[dict[str, Any], Any, set[str]]] = {
    "too many, of elements without a schema": ({"type": "array", "maxItems": 2}, [1, 2, 3], {"#"}),
    "too many by one": ({"type": "array", "maxItems": MANY}, [1] * (MANY + 1), {"#"}),
    "the last property": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {f"p{n}": n for n in range(MANY)} | {"last": "x"},
        {"#/last"},
    ),
    "the last element": (NUMBERS, [*range(MANY), "x"], {f"#/{MANY}"}),
    "the last element behind allOf": ({"allOf": [NUMBERS]}, [*range(MANY), "x"], {f"#/{MANY}"}),
    "the last element of the last": (
        {"type": "object", "properties": {"a": STRINGS, "b": {"type": "object"}}},
        {"b": {f"p{n}": n for n in range(MANY)}, "a": ["x"] * MANY + [1]},
        {f"#/a/{MANY}"},
    ),
    "every element": (STRINGS, [1] * MANY, {f"#/{n}" for n in range(100)}),
    "every element twice": (
        {"type": "array", "items": {"type": "object", "required": ["a", "b"]}},
        [{"x": 1}] * MANY,
        {f"#/{n}" for n in range(50)},
    ),
    "no alternative": ({"anyOf": [STRINGS, {"type": "object"}]}, [1] * MANY, {"#"}),
    "two alternatives of which one may fit": (
        {"oneOf": [NUMBERS, {"type": "array"}]},
        [1] * MANY,
        {"#"},
    ),
    "no alternative of many, in every element": (
        {"type": "array", "items": {"anyOf": [{"type": "object", "required": ["a"]}] * 20}},
        [{}] * MANY,
        {f"#/{n}" for n in range(100)},
    ),
    "a property that is missing beside many elements": (
        {"type": "object", "required": ["b"], "properties": {"a": NUMBERS}},
        {"a": [1] * MANY},
        {"#"},
    ),
}


@pytest.mark.parametrize(("schema", "instance", "places"), LARGE.values(), ids=LARGE.keys())
def test_what_does_not_fit_is_refused_however_large_it_is(
    schema: dict[str, Any], instance: object, places: set[str]
) -> None:
    """With the place of something that is wrong, and of nothing else."""
    assert {issue.pointer for issue in issues(schema, instance)} == places


FITTING: dict[str, tuple[dict[str, Any], Any]] = {
    "at least as many": ({"type": "array", "minItems": MANY}, [*range(MANY)]),
    "a property behind many": (
        {"type": "object", "required": ["last"]},
        {f"p{n}": n for n in range(MANY)} | {"last": 1},
    ),
    "an alternative": (
        {"anyOf": [{"type": "object"}, {**STRINGS, "minItems": MANY}]},
        ["x"] * MANY,
    ),
}


@pytest.mark.parametrize(("schema", "instance"), FITTING.values(), ids=FITTING.keys())
def test_nothing_is_said_to_be_wrong_that_is_not(
    schema: dict[str, Any], instance: dict[str, Any] | list[Any]
) -> None:
    """Neither of what fits, nor of the same beside one thing that does not."""
    assert not issues(schema, instance)
    both = {"type": "object", "properties": {"a": schema, "b": {"type": "string"}}}
    assert {issue.pointer for issue in issues(both, {"a": instance, "b": 1})} == {"#/b"}


def test_properties_may_be_called_like_keywords() -> None:
    """A property named `nullable`, `format` or `properties` is a property."""
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("nullable", "format", "properties")},
    }
    closed = compiled(schema, closed=True)
    assert not closed.issues({"nullable": "a", "format": "b", "properties": "c"})
    assert closed.issues({"nullable": 1})
    assert closed.issues({"other": "a"})


def test_a_format_that_is_not_known_is_noted_once() -> None:
    """OpenAPI lets anybody invent one; it is a remark, and nothing is ignored in silence."""
    ours = {"type": "string", "format": "ipv9"}
    description = described_schemas(One=ours, Two=ours)
    assert description.notes == ("format ipv9 is not known: nothing is checked",)
    assert Schema(description.schemas["One"], description.schemas).is_valid("x")


def test_a_read_only_name_may_be_required_at_every_depth_of_itself() -> None:
    """A schema that refers to itself is compiled, for whichever side."""
    node = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string"},
            "next": {"$ref": "#/components/schemas/Whole"},
            "more": {
                "allOf": [{"$ref": "#/components/schemas/Whole"}],
                "properties": {"name": {"readOnly": True}},
            },
        },
    }
    request = compiled(node, view=View.REQUEST)
    assert not request.issues({"name": "a", "next": {"name": "b", "more": {"more": {}}}})
    (issue,) = request.issues({"name": "a", "next": {"name": "b", "id": 1}})
    assert issue.pointer == "#/next/id"
    assert request.issues({"name": "a", "more": {"name": "b"}})
    assert request.issues({"name": "a", "next": {}})
    assert compiled(node, view=View.RESPONSE).issues({"name": "a"})


def test_what_one_alternative_hides_another_asks_for() -> None:
    """`number` is never answered of a card, and always of a transfer."""
    card = {"required": ["number"], "properties": {"number": {"writeOnly": True}, "until": {}}}
    transfer = {"required": ["number", "bank"], "properties": {"number": {}, "bank": {}}}
    means = compiled({"type": "object", "anyOf": [card, transfer]}, view=View.RESPONSE)
    assert not means.issues({"until": "2027"})
    assert not means.issues({"number": "1", "bank": "b"})
    other = compiled(
        {"type": "object", "required": ["until"], "anyOf": [card, transfer]}, view=View.RESPONSE
    )
    assert not other.issues({"until": "2027"})


@given(st.emails())
def test_every_address_has_one_key_in_whatever_letter_case(address: str) -> None:
    """It is accepted where it is not too long, and letter case does not count."""
    assume(len(address) <= MAX_EMAIL_CHARACTERS)
    assert email_key(address) == email_key(address.upper()) == email_key(address.lower())


SAME = {
    "letter case": ("Info@Example.COM", "info@example.com"),
    "letter case beyond ASCII": ("JÜRGEN@MÜLLER.de", "jürgen@müller.de"),
    "composed and not": ("\u00e9@example.com", "e\u0301@example.com"),
    "a domain in both its forms": ("info@faß.de", "info@XN--FA-HIA.de"),
    "a domain in wide letters": ("a@\uff45xample\u3002com", "a@example.com"),
    "needless quotes": ('"j.doe"@example.com', "j.doe@example.com"),
    "a needless backslash": ('"j\\doe"@example.com', '"jdoe"@example.com'),
    "an address of version 6": ("a@[IPv6:2001:db8:0:0::1]", "a@[ipv6:2001:DB8::1]"),
}
DIFFERENT = {
    "sharp s in a domain": ("info@faß.de", "info@fass.de"),
    "sharp s in a domain's other form": ("info@xn--fa-hia.de", "info@fass.de"),
    "final sigma in a domain": ("info@βόλος.com", "info@βόλοσ.com"),
    "dots": ("j.doe@example.com", "jdoe@example.com"),
    "a tag": ("jdoe+a@example.com", "jdoe@example.com"),
    "accents": ("jurgen@example.com", "jürgen@example.com"),
    "a subdomain": ("a@mail.example.com", "a@example.com"),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME.keys())
def test_two_spellings_of_an_address_have_one_key(pair: tuple[str, str]) -> None:
    """Local parts that are equal but for case, domains with the same A-labels."""
    assert email_key(pair[0]) == email_key(pair[1])


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_two_addresses_have_two_keys(pair: tuple[str, str]) -> None:
    """However alike they look."""
    assert email_key(pair[0]) != email_key(pair[1])


def test_a_fraction_is_found_in_the_branch_that_fits() -> None:
    """Another one, which does not, has none either."""
    either = compiled({"oneOf": [{"type": "integer"}, {"type": "string"}]})
    assert either.is_valid(1)
    assert not either.is_valid(1.0)
    assert compiled({"anyOf": [{"type": "integer"}, {"type": "number"}]}).is_valid(1.0)


def test_alternatives_of_a_property_without_a_name_are_explained() -> None:
    """The library leaves such a name out of the places that it tells."""
    inner = {"oneOf": [{"anyOf": [{"enum": [1]}, {"type": "boolean"}]}]}
    schema = compiled({"type": "object", "properties": {"": inner}}, "3.1.0")
    (issue,) = schema.issues({"": "a"})
    assert "boolean" in issue.detail
    assert schema.issues({"": True}) == []
