"""A start that cannot be."""

import json
import subprocess
import sys

PROGRAM = """
from openapi.errors import InvalidDocumentError
from processes.logs import configure_logs
from processes.start import exit_on_config_error

configure_logs("service")
with exit_on_config_error():
    raise InvalidDocumentError("specs/a.yaml:1: one thing\\nspecs/a.yaml:2: another thing")
"""


def test_each_reason_is_a_line_of_the_log() -> None:
    """Without a traceback, and with the exit code after which gunicorn does not try again."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3
    told = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [each["event"] for each in told] == ["start_failed"] * 2
    assert [each["reason"] for each in told] == [
        "specs/a.yaml:1: one thing",
        "specs/a.yaml:2: another thing",
    ]
