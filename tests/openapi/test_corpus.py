"""Other people's specs: none ends in a traceback. `OPENAPI_CORPUS` names a folder of them."""

import os
import re
from pathlib import Path

import pytest

from tests.openapi.corpus import tried

FOLDER = os.environ.get("OPENAPI_CORPUS", "")


@pytest.mark.skipif(not FOLDER, reason="OPENAPI_CORPUS names no folder of public specs")
@pytest.mark.timeout(3600)
def test_each_public_spec_is_bound_or_refused_in_lines() -> None:
    """Each line names a file, and a line of it where that is to be had."""
    outcomes = [*tried(Path(FOLDER))]
    assert outcomes
    wrong = [
        line
        for each in outcomes
        for line in each.lines
        if not re.fullmatch(r"[^:]+(:\d+)?: \S.*", line)
    ]
    assert wrong == []
