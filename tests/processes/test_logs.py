"""What a process writes about itself."""

import os
import subprocess
import sys

import pytest

_FAILING = """
import logging
import structlog
from processes.logs import configure_logs

def fail(password):
    raise RuntimeError("no luck")

configure_logs("service")
try:
    fail("".join(["sw", "ord", "fish"]))
except RuntimeError:
    structlog.get_logger().exception("request_failed")
    logging.getLogger("library").exception("failed")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_logged_error_tells_where_but_not_what_the_variables_held(form: str) -> None:
    """They hold keys, and what people wrote; from our own logger and from a library's."""
    done = subprocess.run(
        [sys.executable, "-c", _FAILING],
        env=os.environ | {"LOG_FORMAT": form},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("no luck") >= 2
    assert "fail" in done.stderr
    assert "swordfish" not in done.stderr


def test_an_unknown_form_is_refused_by_its_variable() -> None:
    """The message names LOG_FORMAT and what it may be."""
    done = subprocess.run(
        [sys.executable, "-m", "aware", "user-relay"],
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "xml"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "LOG_FORMAT must be auto, console or json, not xml" in done.stderr
    assert "Traceback" not in done.stderr
