"""Bodies: what fits its schema reaches the handler, what does not is refused with its place."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

Versions = Mapping[str, httpx.Client]

RIGHT: list[tuple[str, str, Any]] = [
    ("3.0", "Nullable", {"plain": None, "listed": None, "unlisted": "a", "inner": [None, 1]}),
    ("3.0", "ReadOnly", {"name": "a", "inner": {}}),
    ("3.0", "WriteOnly", {"name": "a", "secret": "s", "inner": [{"pin": "1"}]}),
    ("3.0", "Pet", {"kind": "feline", "lives": 9}),
    ("3.0", "Pet", {"kind": "hound", "barks": True}),
    ("3.0", "Owner", {"pets": [{"kind": "feline", "lives": 1}, {"kind": "Dog", "barks": False}]}),
    ("3.0", "Any", "abc"),
    ("3.0", "Any", 10),
    ("3.0", "Not", "allowed"),
    ("3.0", "All", {"a": "x", "b": 1, "c": None}),
    ("3.0", "Map", {"a": 1, "": 2}),
    ("3.0", "Open", {"$x": 1, "a.b": None, "": []}),
    ("3.0", "Closed", {}),
    ("3.0", "ClosedPart", {"a": "x"}),
    ("3.0", "Tree", {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]}),
    ("3.0", "Unique", [1, True, "1", [1], {"a": 1}]),
    ("3.0", "Loose", [1, "a"]),
    ("3.0", "Multiple", 19.99),
    ("3.0", "Multiple", 0.07),
    ("3.0", "Bounds", 0.5),
    ("3.0", "Whole", 10**18),
    ("3.0", "Pattern", {"dash": "a-.", "dot": "\U0001f600", "end": "a", "letter": "é"}),
    ("3.0", "Yaml", "NO"),
    ("3.0", "Yaml", "on"),
    ("3.0", "Yaml", "09:00"),
    ("3.0", "Yaml", "0123"),
    ("3.0", "Yaml", "1_000"),
    ("3.0", "Yaml", "2024-01-01"),
    ("3.0", "Beside", [{"tree": {"name": "a"}}]),
    ("3.0", "Slash", 1),
    ("3.0", "Tilde", True),
    ("3.0", "Index", ["a", "b"]),
    ("3.0", "Alias", "abcde"),
    ("3.0", "Within", "blue"),
    ("3.0", "orderStatus", "one"),
    ("3.0", "OrderStatus", 1),
    ("3.1", "Nullable", None),
    ("3.1", "Nullable", "ab"),
    ("3.1", "Const", {"a": [1, None]}),
    ("3.1", "Bounds", 0.5),
    ("3.1", "Tuple", ["a", 2]),
    ("3.1", "If", {"kind": "post", "street": "a", "country": "SE"}),
    ("3.1", "Dependent", {"card": 1, "address": "a"}),
    ("3.1", "DependentSchemas", {"card": 1, "address": "a"}),
    ("3.1", "Unevaluated", {"base": 1, "own": "a"}),
    ("3.1", "Defs", {"count": 1}),
    ("3.1", "Siblings", {"base": 1}),
    ("3.1", "Contains", ["x", "y", "x"]),
    ("3.1", "Names", {"n": 1, "a": "b"}),
    ("3.1", "Examples", "c"),
    ("3.1", "True", [None, {"a": False}]),
    ("3.1", "Tree", {"name": "a", "children": []}),
    ("3.1", "Means", None),
]
"""OpenAPI, schema, a value that fits it."""

WRONG: list[tuple[str, str, Any, str]] = [
    ("3.0", "Nullable", {"unlisted": None}, "#/unlisted"),
    ("3.0", "Nullable", {"inner": ["a"]}, "#/inner/0"),
    ("3.0", "ReadOnly", {"name": "a", "id": "1"}, "#/id"),
    ("3.0", "ReadOnly", {"name": "a", "inner": {"at": "x"}}, "#/inner/at"),
    ("3.0", "WriteOnly", {"name": "a"}, "#"),
    ("3.0", "Defaults", {"deep": [{"on": 1}]}, "#/deep/0/on"),
    ("3.0", "Pet", {"kind": "feline", "lives": 10}, "#/lives"),
    ("3.0", "Pet", {"kind": "mouse"}, "#/kind"),
    ("3.0", "Pet", {"lives": 9}, "#/kind"),
    ("3.0", "Owner", {"pets": [{"kind": "hound", "barks": 1}]}, "#/pets/0/barks"),
    ("3.0", "Any", "abcd", "#"),
    ("3.0", "Not", "forbidden", "#"),
    ("3.0", "All", {"a": "x"}, "#"),
    ("3.0", "Map", {}, "#"),
    ("3.0", "Map", {"a": "x"}, "#/a"),
    ("3.0", "Map", {"a": 1, "b": 2, "c": 3}, "#"),
    ("3.0", "Closed", {"b": 1}, "#/b"),
    ("3.0", "ClosedPart", {"a": "x", "b": 1}, "#/b"),
    ("3.0", "Tree", {"name": "a", "children": [{"name": "toolong"}]}, "#/children/0/name"),
    ("3.0", "Unique", [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], "#"),
    ("3.0", "Loose", [1, 2, 3], "#"),
    ("3.0", "Multiple", 0.075, "#"),
    ("3.0", "Bounds", 0, "#"),
    ("3.0", "Bounds", 1, "#"),
    ("3.0", "Whole", 1.0, "#"),
    ("3.0", "Whole", True, "#"),
    ("3.0", "Pattern", {"dash": "a b"}, "#/dash"),
    ("3.0", "Pattern", {"dot": "\r"}, "#/dot"),
    ("3.0", "Pattern", {"end": "a\n"}, "#/end"),
    ("3.0", "Pattern", {"letter": "1"}, "#/letter"),
    ("3.0", "Yaml", False, "#"),
    ("3.0", "Beside", [{"tree": {}}], "#/0/tree"),
    ("3.0", "Slash", 0, "#"),
    ("3.0", "Tilde", "x", "#"),
    ("3.0", "Index", ["a", "toolong"], "#/1"),
    ("3.0", "Alias", "abcdef", "#"),
    ("3.0", "Within", 1, "#"),
    ("3.0", "orderStatus", 1, "#"),
    ("3.0", "OrderStatus", "one", "#"),
    ("3.1", "Nullable", "a", "#"),
    ("3.1", "Const", {"a": [1]}, "#"),
    ("3.1", "Bounds", 0, "#"),
    ("3.1", "Tuple", [1], "#/0"),
    ("3.1", "Tuple", ["a", 1, 2], "#/2"),
    ("3.1", "If", {"kind": "post"}, "#"),
    ("3.1", "Dependent", {"card": 1}, "#"),
    ("3.1", "DependentSchemas", {"card": 1}, "#"),
    ("3.1", "Unevaluated", {"base": 1, "other": 1}, "#/other"),
    ("3.1", "Defs", {"count": 0}, "#/count"),
    ("3.1", "Siblings", {}, "#"),
    ("3.1", "Siblings", {"base": "x"}, "#/base"),
    ("3.1", "Contains", ["y"], "#"),
    ("3.1", "Contains", ["x", "x", "x"], "#"),
    ("3.1", "Names", {"N": 1}, "#"),
    ("3.1", "Names", {"n": "x"}, "#/n"),
    ("3.1", "Never", 1, "#"),
    ("3.1", "Whole", 1.5, "#"),
]
"""OpenAPI, schema, a value that does not fit it, and where not."""


def post(api: httpx.Client, schema: str, value: object) -> httpx.Response:
    """The value as a body; httpx takes None for no body at all."""
    headers = {"Content-Type": "application/json"}
    return api.post(f"/bodies/{schema}", content=json.dumps(value), headers=headers)


@pytest.mark.parametrize(("version", "schema", "value"), RIGHT)
def test_a_body_that_fits_reaches_its_handler(
    versions: Versions, version: str, schema: str, value: object
) -> None:
    """As it was sent."""
    answer = post(versions[version], schema, value)
    assert answer.status_code == 200, answer.text
    assert answer.json()["body"] == value


@pytest.mark.parametrize(("version", "schema", "value", "pointer"), WRONG)
def test_a_body_that_does_not_fit_is_refused_with_its_place(
    versions: Versions, version: str, schema: str, value: object, pointer: str
) -> None:
    """The pointer of the issue is among those of the answer."""
    answer = post(versions[version], schema, value)
    assert answer.status_code == 400, answer.text
    assert pointer in [each["pointer"] for each in answer.json()["errors"]], answer.text


@pytest.mark.parametrize(
    ("version", "schema", "sent", "given"),
    [
        ("3.0", "Defaults", {}, {"colour": "red", "size": 3}),
        (
            "3.0",
            "Defaults",
            {"colour": "blue", "size": 1, "deep": [{}, {"on": False}], "more": {}},
            {
                "colour": "blue",
                "size": 1,
                "deep": [{"on": True}, {"on": False}],
                "more": {"x": 7},
            },
        ),
        (
            "3.0",
            "Defaults",
            {"colour": "a", "size": 1, "either": {"b": "x"}},
            {"colour": "a", "size": 1, "either": {"b": "x", "of": "B"}},
        ),
        ("3.1", "Tuple", ["a"], ["a"]),
        (
            "3.1",
            "If",
            {"kind": "post", "street": "a"},
            {"kind": "post", "street": "a", "country": "NO"},
        ),
        ("3.1", "If", {"kind": "x"}, {"kind": "x", "country": "none"}),
        ("3.1", "Whole", 1.0, 1),
    ],
)
def test_defaults_are_filled_in_where_they_count(
    versions: Versions, version: str, schema: str, sent: object, given: object
) -> None:
    """At any depth, behind references and `allOf`, and never of a branch that was not taken."""
    answer = versions[version].post(f"/bodies/{schema}", json=sent)
    assert answer.json().get("body") == given, answer.text


def test_an_error_of_a_branch_names_what_the_discriminator_chose(v30: httpx.Client) -> None:
    """Only the issues of that branch, and the names that there are where none is meant."""
    wrong = v30.post("/bodies/Pet", json={"kind": "feline", "lives": "x"}).json()
    assert [(each["pointer"], each["detail"]) for each in wrong["errors"]] == [
        ("#/lives", 'the value is not of type "integer"')
    ]
    unknown = v30.post("/bodies/Pet", json={"kind": "mouse"}).json()
    assert "'feline' or 'hound'" in unknown["errors"][0]["detail"]


FORMATS: list[tuple[str, list[Any], list[Any]]] = [
    (
        "date-time",
        ["2026-11-22T10:15:30Z", "2026-11-22t10:15:30.5+05:30"],
        ["2026-11-22 10:15:30Z", "2026-11-22T10:15:30", "2026-02-30T00:00:00Z"],
    ),
    ("date", ["2026-11-22"], ["2026-02-30", "20261122", "2026-11-22T00:00:00Z"]),
    ("time", ["10:15:30Z", "10:15:30.5+01:00"], ["10:15:30", "25:00:00Z"]),
    ("duration", ["P1D", "PT1H", "P1Y2M3DT4H5M6S"], ["1D", "P", "PT"]),
    ("uuid", ["08884b79-e16c-4976-a52e-ba1b2b62cfaa"], ["08884b79e16c4976a52eba1b2b62cfaa"]),
    ("uri", ["https://example.com/a?b#c", "urn:a:b"], ["/a", "https://a b"]),
    ("uri-reference", ["/a?b", "https://example.com"], ["a b", "\\"]),
    ("email", ["a@example.com", "a@service.test"], ["a", "@example.com", "a b@example.com"]),
    ("hostname", ["example.com", "localhost"], ["-a", "a_b", "a" * 64]),
    ("ipv4", ["192.0.2.1"], ["192.0.2", "256.0.0.1", "192.0.2.01"]),
    ("ipv6", ["2001:db8::1", "::"], ["1::2::3", "192.0.2.1"]),
    ("byte", ["aGk=", ""], ["aGk", "a b=", "aGk=\n", "_-8="]),
    ("binary", ["\x01"], [1]),
    ("int32", [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, 1.5, "1"]),
    ("int64", [2**63 - 1, -(2**63)], [2**63, 10**40]),
    ("float", [1.5, 3.4e38], [3.5e38, "1"]),
    ("double", [1e300], ["1"]),
    ("decimal", ["1.50", "-0", "123456789012345678901234567890.1"], ["1e5", "NaN", " 1", "1."]),
    ("password", ["x"], [1]),
    ("unheard-of", ["x"], [1]),
]


@pytest.mark.parametrize(("name", "good", "bad"), FORMATS)
def test_a_format_is_what_its_standard_says(
    v30: httpx.Client, name: str, good: list[Any], bad: list[Any]
) -> None:
    """Checked on the wire, and named by its place."""
    for value in good:
        answer = v30.post("/bodies/Formats", json={name: value})
        assert answer.status_code == 200, (value, answer.text)
    for value in bad:
        answer = v30.post("/bodies/Formats", json={name: value})
        assert answer.status_code == 400, value
        assert answer.json()["errors"][0]["pointer"] == f"#/{name}"
