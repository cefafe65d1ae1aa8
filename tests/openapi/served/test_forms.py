"""Forms: typed by their schema, whichever way their fields are sent."""

from typing import Any

import httpx
import pytest

URLENCODED = "application/x-www-form-urlencoded"


def post(api: httpx.Client, path: str, form: str | bytes) -> httpx.Response:
    """A form as it stands."""
    return api.post(f"/of-type/{path}", content=form, headers={"Content-Type": URLENCODED})


RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("name=a", {}),
    ("name=a+b%20c%2Bd", {"name": "a b c+d"}),
    ("name=%C3%A9", {"name": "é"}),
    ("name=é", {"name": "é"}),
    ("name=", {"name": ""}),
    ("name", {"name": ""}),
    ("&&name=a&", {}),
    ("name=a=b", {"name": "a=b"}),
    ("%6Eame=1", {"name": "1"}),
    ("name=007&size=7", {"name": "007", "size": 7}),
    ("name=a&ratio=1.5", {"ratio": 1.5}),
    ("name=a&flag=true", {"flag": True}),
    ("name=a&flag=false", {"flag": False}),
    ("name=a&maybe=5", {"maybe": 5}),
    ("name=a&maybe=", {"maybe": None}),
    ("name=a&maybe=null", {"maybe": None}),
    ("name=a&colour=blue", {"colour": "blue"}),
    ("name=a&tags=x", {"tags": ["x"]}),
    ("name=a&tags=x&tags=y,z", {"tags": ["x", "y,z"]}),
    ("name=a&numbers=1&numbers=2", {"numbers": [1, 2]}),
    ("name=a&csv=1,2,3", {"csv": [1, 2, 3]}),
    ("name=a&csv=1%2C2", {"csv": [1, 2]}),
    ("name=a&csv=", {"csv": []}),
    ("name=a&spaced=x%20y+z", {"spaced": ["x", "y", "z"]}),
    ("name=a&piped=x|y", {"piped": ["x", "y"]}),
    ("name=a&piped=x%7Cy", {"piped": ["x", "y"]}),
    ("name=a&piped=x%7Cy|z", {"piped": ["x|y", "z"]}),
    ("name=a&deep[a]=1&deep%5Bb%5D=x", {"deep": {"a": 1, "b": "x"}}),
    ("name=a&pairs=r,1,g,2", {"pairs": {"r": 1, "g": 2}}),
    ("name=a&json=[1,2]", {"json": [1, 2]}),
    ("name=a&json=1&json=2", {"json": [1, 2]}),
    ("name=a&address=%7B%22street%22:%22x%22%7D", {"address": {"street": "x"}}),
    ("name=a&street=x&zip=5", {"address": {"street": "x", "zip": 5}}),
    ("name=a&when=2026-11-22T10:15:30Z", {"when": "2026-11-22T10:15:30Z"}),
    ("name=a&data=aGk%3D", {"data": "aGk="}),
]
"""A form, and what of the body it gives beside the name `a` and the colour that is the default."""


@pytest.mark.parametrize(("form", "given"), RIGHT)
def test_a_form_is_typed_by_its_schema(api: httpx.Client, form: str, given: dict[str, Any]) -> None:
    """And by its encoding; what is left out has its default."""
    answer = post(api, "form", form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["body"] == {"name": "a", "colour": "red"} | given


WRONG: list[tuple[str | bytes, list[str]]] = [
    ("", ["#"]),
    ("size=1", ["#"]),
    ("name=a&size=x", ["#/size"]),
    ("name=a&size=1.0", ["#/size"]),
    ("name=a&size=+1", ["#/size"]),
    ("name=a&size=", ["#/size"]),
    ("name=a&size=0", ["#/size"]),
    ("name=a&ratio=NaN", ["#/ratio"]),
    ("name=a&flag=True", ["#/flag"]),
    ("name=a&flag=1", ["#/flag"]),
    ("name=a&maybe=x", ["#/maybe"]),
    ("name=a&name=b", ["#/name"]),
    ("name=a&size=1&size=1", ["#/size"]),
    ("name=a&id=1", ["#/id"]),
    ("name=a&other=1", ["#/other"]),
    ("name=a&a/b~c=1", ["#/a~1b~0c"]),
    ("name=a&tags=1&tags=2&tags=3&tags=4", ["#/tags"]),
    ("name=a&numbers=1&numbers=x", ["#/numbers/1"]),
    ("name=a&csv=1,x", ["#/csv/1"]),
    ("name=a&deep[c]=1", ["#/deep/c"]),
    ("name=a&deep[a]=x", ["#/deep/a"]),
    ("name=a&deep[a]=1&deep[a]=2", ["#/deep/a"]),
    ("name=a&deep=1", ["#/deep"]),
    ("name=a&pairs=r", ["#/pairs"]),
    ("name=a&pairs=r,x", ["#/pairs/r"]),
    ("name=a&json=[1,", ["#/json"]),
    ("name=a&json=[1,1,{}]", ["#/json/2"]),
    ("name=a&address=x", ["#/address"]),
    ("name=a&street=x&zip=y", ["#/address/zip"]),
    ("name=a&when=today", ["#/when"]),
    ("name=a&data=%25", ["#/data"]),
    ("name=%FF", ["#/name"]),
    (b"name=\xff", ["#"]),
    ("%FF=1", ["#"]),
    ("name=a&" + "&".join(f"x{number}=1" for number in range(1000)), ["#"]),
    ("name=a&size=x&flag=y", ["#/size", "#/flag"]),
]
"""A form, and where it is wrong."""


@pytest.mark.parametrize(("form", "places"), WRONG)
def test_a_form_that_does_not_fit_is_refused_with_its_fields(
    api: httpx.Client, form: str | bytes, places: list[str]
) -> None:
    """All that are wrong, by name."""
    answer = post(api, "form", form)
    assert answer.status_code == 400, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == places, answer.text


def test_a_field_that_no_schema_names_is_typed_by_what_is_said_of_others(
    api: httpx.Client,
) -> None:
    """`additionalProperties`, also in a part of an `allOf`."""
    assert post(api, "openform", "a=1&b=2").json()["body"] == {"a": 1, "b": 2}
    answer = post(api, "openform", "b=x")
    assert answer.json()["errors"][0]["pointer"] == "#/b"


def test_a_form_with_parameters_is_refused_for_all_that_is_wrong(api: httpx.Client) -> None:
    """Query and form at once."""
    answer = api.post("/of-type/several?x=1", content="a=y", headers={"Content-Type": URLENCODED})
    wrong = answer.json()["errors"]
    assert [each.get("pointer") or each["parameter"] for each in wrong] == ["x", "#/a"]
