"""What forms and uploads cost: the measuring measures."""

import re

from click.testing import CliRunner

from bench.uploads import uploads


def test_forms_and_uploads_are_measured() -> None:
    """Every row has its figures; every request was answered with 200, or it would have failed."""
    result = CliRunner().invoke(
        uploads, ["--rounds", "1", "--requests", "50", "--megabytes", "20"], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    for row in ("a file of 20 MB: ours", "a form: ours", "a file of 10 MB: ours"):
        assert re.search(rf"^{row}( +[0-9]+\.[0-9]+){{2,3}}$", result.output, re.MULTILINE)
