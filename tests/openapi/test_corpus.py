"""Other people's specs: none ends in a traceback. `OPENAPI_CORPUS` names a folder of them."""

import os
import re
from pathlib import Path

import pytest

from tests.openapi.corpus import tried

FOLDER = os.environ.get("OPENAPI_CORPUS", "")


@pytest.mark.skipif(not FOLDER, reason="OPENAPI_CORPUS names no folder of public specs")
@pytest.mark.timeout(3600)
def test_each_public_spec_is_served_or_refused_in_lines() -> None:
    """Lines name a file, and a line of it where that is to be had; what is bound is reached."""
    outcomes = [*tried(Path(FOLDER))]
    assert outcomes
    assert [each.crash for each in outcomes if each.crash] == []
    lines = [line for each in outcomes for line in each.lines]
    assert [line for line in lines if not re.fullmatch(r"[^:]+(:\d+)?: \S.*", line)] == []
    assert [(each.spec, each.unreached) for each in outcomes if each.unreached] == []
