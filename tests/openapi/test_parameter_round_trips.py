"""What `Links` writes is read again as the same value, in every style of a path and a query."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.bindable import load_api
from contract.links import Links
from contract.parameters.path import path_name
from contract.parameters.reader import ParameterReader

DESCRIPTION = load_api(Path(__file__).parent / "good" / "v31" / "api.yaml")
LINK = Links(DESCRIPTION)
READERS = {
    each.id: ParameterReader(each, DESCRIPTION)
    for each in DESCRIPTION.operations
    if each.id.startswith(("path_", "query_"))
}
DELIMITERS = {"query_spaceDelimited": " ", "query_pipeDelimited": "|"}
"""What no element can have: encoded or not, it delimits."""


def texts_of(operation: str, shortest: int) -> st.SearchStrategy[str]:
    """Texts that the operation can be given."""
    letters = st.characters(codec="utf-8", exclude_characters=DELIMITERS.get(operation, ""))
    return st.text(letters, min_size=shortest, max_size=9)


def values_of(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Values for all parameters of the operation."""
    integers = st.integers(-(2**62), 2**62)
    numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
    colour = st.fixed_dictionaries({"R": integers}, optional={"G": integers, "B": numbers})
    # A part of a path is not empty.
    texts = texts_of(operation, int(operation.startswith("path_simple")))
    if operation == "query_deepObject":
        tags = st.lists(st.sampled_from(["light", "dark"]), min_size=1)
        points = st.lists(st.fixed_dictionaries({"x": integers}), min_size=1, max_size=3)
        keys = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1)
        more = st.dictionaries(keys, st.booleans(), min_size=1)
        optional = {"tags": tags, "points": points, "more": more}
        some = st.fixed_dictionaries({"name": texts}, optional=optional)
        return st.fixed_dictionaries(
            {"colour": colour, "filter": some, "texts": st.lists(texts, min_size=1)}
        )
    return st.fixed_dictionaries(
        {
            "text": texts,
            "count": st.integers(1, 2**62),
            "ratio": numbers,
            "flag": st.booleans(),
            "texts": st.lists(texts, min_size=1, max_size=3),
            "counts": st.lists(integers, min_size=1, max_size=5),
            "colour": colour,
        }
    )


@pytest.mark.parametrize("operation", READERS)
@given(data=st.data())
def test_what_is_written_is_read_again(operation: str, data: st.DataObject) -> None:
    """Whatever is in the texts: delimiters, signs, letters of any language, nothing at all."""
    values = data.draw(values_of(operation))
    path, _, query = LINK(operation, **values).partition("?")
    scope = {
        "path_params": {path_name(n): unquote(part) for n, part in enumerate(path.split("/")[4:])},
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
    }
    read = READERS[operation](scope, [])
    assert {name: read[name] for name in values} == values
