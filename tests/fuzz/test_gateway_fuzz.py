"""schemathesis through the gateway: what is published is what a client meets there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generate.published import published_document
from local.stack import Stack
from openapi.shown import shown
from services.declaration import Service
from services.reading import declared
from tests.fuzz.test_fuzz import EXAMPLES, LEAST_SHARE, ROOT, shares, without_security


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("service", declared().services, ids=lambda each: each.name)
def test_no_request_through_the_gateway_meets_an_answer_outside_the_contract(
    stack: Stack, tmp_path: Path, service: Service
) -> None:
    """0 failures, whichever build answers, and enough requests that were carried out."""
    spec = without_security(shown(published_document(service.spec)), tmp_path)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(spec)),
        *("--url", stack.ports.url("gateway")),
        *("--checks", "all", "--mode", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", EXAMPLES, "--no-color"),
    ]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"FUZZ_FOLDER": str(tmp_path)}, check=False
    )
    assert run.returncode == 0
    print(f"\n{service.name} through the gateway: positive cases by answer")  # noqa: T201 - asked for
    assert min(shares(tmp_path).values()) >= LEAST_SHARE
