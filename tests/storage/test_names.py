"""Names are stored so that MongoDB takes them for nothing else, and patterns match them still."""

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openapi.patterns import portable
from storage.property_names import TopNames, stored_name, wire_name
from storage.system_fields import OWN
from tests.storage.random_schemas import NAMES, PATTERNS

ANY = st.sampled_from(NAMES) | st.text(st.sampled_from(".$\x00a_1 é"), max_size=4)
TOP = TopNames(OWN)


@given(ANY)
def test_a_name_is_stored_under_one_that_mongodb_takes_for_nothing_else(name: str) -> None:
    """And comes back; at the top none is one of storage's own."""
    for stored, back in ((stored_name, wire_name), (TOP.stored, TOP.wire)):
        found = stored(name)
        assert back(found) == name
        assert found
        assert not {".", "$", "\x00"} & {*found}
    assert TOP.stored(name) not in TOP.own


@pytest.mark.parametrize("pattern", PATTERNS)
@given(name=ANY)
def test_a_pattern_matches_the_stored_name_where_it_matches_the_name(
    pattern: str, name: str
) -> None:
    """Below the top and there, where it never matches what is storage's own."""
    said = portable(pattern)
    below, top = TopNames(()), TOP
    assert matches(below.pattern(said), below.stored(name)) == matches(said, name)
    assert matches(top.pattern(said), top.stored(name)) == matches(said, name)
    assert not any(matches(top.pattern(said), own) for own in top.own)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern matches, by the engine of the wire."""
    return jsonschema_rs.Draft202012Validator({"pattern": portable(pattern)}).is_valid(name)
