"""Patterns that MongoDB does not have are refused before anything is set up with them."""

from dataclasses import replace

import pytest

from generate.sources import Sources
from generate.validators import refused
from storage.client import Json
from tests.declaring import alone
from tests.describing import described_schemas
from tests.generate.copying import ROOT


def complaints(sources: Sources, **properties: Json) -> list[str]:
    """What is said of an API that stores objects with these properties."""
    api = described_schemas("3.1.0", Stored={"type": "object", "properties": properties})
    changed = replace(sources, apis={"x": api}, declared=alone(ROOT, "x", "Stored"))
    return [*refused(changed)]


def test_patterns_of_every_kind_compile(sources: Sources) -> None:
    """Those of ECMA-262 that MongoDB writes otherwise, too."""
    text = {"pattern": "^\\u00e0[\\S\\p{Script=Greek}]\\p{Uppercase_Letter}(?<a>x)\\k<a>$"}
    names: Json = {"type": "object", "patternProperties": {"^[.$]\\S": text}}
    assert complaints(sources, a=text, b=names) == []


@pytest.mark.parametrize(
    "schema", [{"pattern": "^\\p{Emoji}"}, {"patternProperties": {"^\\p{Emoji}": {}}}]
)
def test_one_that_mongodb_does_not_have_is_told_with_its_line(
    sources: Sources, schema: Json
) -> None:
    """And MongoDB's reason."""
    (line,) = complaints(sources, a=schema)
    assert "spec.json:" in line
    assert "MongoDB has no such pattern as ^\\p{Emoji}, write another: " in line
