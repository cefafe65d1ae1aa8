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
        [sys.executable, "-m", "aware", "run", "user-relay"],
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "xml"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "LOG_FORMAT must be one of auto, console, json, not 'xml'" in done.stderr
    assert "Traceback" not in done.stderr


_REFUSED = """
import asyncio
import gc
import logging
import sys
import structlog
from pymongo.errors import BulkWriteError
from processes.logs import configure_logs

configure_logs("service")
details = {"writeErrors": [{"code": 121, "op": {"emails": ["planted@example.com"]}}]}

async def refused():
    raise BulkWriteError(details)

async def never_awaited():
    task = asyncio.create_task(refused())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()

asyncio.run(never_awaited())
log = structlog.get_logger()
try:
    try:
        raise BulkWriteError(details)
    except BulkWriteError as error:
        log.warning("field", reason=error)
        raise RuntimeError("outer") from error
except RuntimeError:
    log.exception("chained")
    logging.getLogger("library").exception("failed")
try:
    raise ExceptionGroup("several", [BulkWriteError(details)])
except ExceptionGroup:
    log.exception("grouped")
raise BulkWriteError(details)
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_an_error_of_mongodb_is_logged_without_the_documents_that_it_quotes(form: str) -> None:
    """As a field, as a cause, in a group, in a task that nobody awaits, and at a crash."""
    done = subprocess.run(
        [sys.executable, "-c", _REFUSED],
        env=os.environ | {"LOG_FORMAT": form},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("BulkWriteError: 121 DocumentValidationFailure") == 6
    assert "crashed" in done.stderr
    assert "outer" in done.stderr
    assert "planted" not in done.stderr
