"""schemathesis on services of specs that use everything: no answer is outside the contract.

As anybody would run it on what a service says of itself, with all its checks, and without hooks or
settings of ours. FUZZ_EXAMPLES is how many cases a phase makes for each operation.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "10")

LEAST_SHARE = 0.25
"""Of the cases that are meant to succeed, this share at least must: else little was tested."""

_ONE = "in a path it takes an array of one text for the text"
_PATHS = ("label", "label_exploded", "matrix", "matrix_exploded")
_VALUES = "/{text}/{count}/{ratio}/{flag}/{texts}/{counts}/{colour}"

BEYOND = {
    "GET /typed": "a parameter of which nothing is said is a text, and it sends lists of them",
    "POST /bodies/Never": "nothing fits it, so that there is nothing to send",
    "POST /bodies/Formats": "it knows no `format: decimal`, and sends any text",
    "POST /bodies/Pattern": "it reads patterns as Python does, and leaves out what that refuses",
    "POST /names/{id}": "OpenAPI has a header parameter `Accept` ignored, and it sends it",
    "GET /parameters/ignored": "the same",
    "GET /parameters/overridden": "it wants a header that nobody names refused",
    "GET /parameters/composed": "it writes an object in an array as the names of its properties",
    "GET /parameters/recurring": "nothing fits one of its parameters, and it sends null",
    "GET /parameters/contents/{part}": "it sends JSON in headers that no HTTP client takes",
    "GET /parameters/cookie_form_exploded": "it takes `explode` to be false where nothing is said",
    "GET /parameters/files/a{id}{kinds}z": _ONE,
    **{f"GET /parameters/path_{each}{_VALUES}": _ONE for each in _PATHS},
    "POST /bodies/Pet": "a kind that names no schema is taken where a schema fits the rest",
    "POST /bodies/Owner": "the same",
    "POST /of-type/anyjson": "it sends YAML where `*/*` has an object, which is JSON",
    "POST /of-type/form": "it takes one element of an array, sent as JSON, for a wrong type",
    "PUT /of-type/image": "it takes a few bytes for more than two millions",
    "POST /of-type/multipart": "it ends in `Unsupported type: 'Binary'`",
    "POST /of-type/several": "it takes `{}` in text/csv for an object",
    "POST /of-type/untyped": "it sends a part of `contentMediaType: image/png` as text",
    "POST /of-type/upload": "it takes the text of a number for no text",
    "GET /parameters/query_deepObject": "it has brackets in the names of properties",
    **{
        f"GET /parameters/query_{style}{exploded}": "it writes objects as lists of their names"
        for style in ("pipeDelimited", "spaceDelimited")
        for exploded in ("", "_exploded")
    },
}
"""What schemathesis does not know of OpenAPI, by the operation."""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_request_meets_an_answer_outside_the_contract(api: httpx.Client, tmp_path: Path) -> None:
    """0 failures, and enough requests that were carried out."""
    report = tmp_path / "report.ndjson"
    document = api.base_url.copy_with(path="/openapi.json")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(document)),
        *("--checks", "all", "--max-examples", EXAMPLES, "--no-color"),
        *("--report", "ndjson", "--report-ndjson-path", str(report)),
        *(f"--exclude-name={each}" for each in BEYOND),
        "--generation-deterministic",
    ]
    run = subprocess.run(command, cwd=tmp_path, check=False)
    found = {name: shares(each) for name, each in outcomes(report).items()}
    for name, share in sorted(found.items()):
        print(f"  {name:40} {share:4.0%} got a 2xx")  # noqa: T201 - the figures are asked for
    assert run.returncode == 0
    few = {name: share for name, share in found.items() if share < LEAST_SHARE}
    assert not few


def shares(counts: Mapping[int, int]) -> float:
    """Which share of the answers is a 2xx."""
    return sum(number for status, number in counts.items() if status // 100 == 2) / sum(
        counts.values()
    )


def outcomes(report: Path) -> Mapping[str, Counter[int]]:
    """How the cases of each operation that are meant to succeed ended."""
    found: dict[str, Counter[int]] = {}
    for name, status in _positive(report):
        found.setdefault(name, Counter())[status] += 1
    return found


def _positive(report: Path) -> Iterator[tuple[str, int]]:
    for line in report.read_text("utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for key, case in recorder.get("cases", {}).items():
            value = case["value"]
            answer = recorder["interactions"].get(key, {}).get("response")
            if answer and value["meta"]["generation"]["mode"] == "positive":
                yield f"{value['method']} {value['path']}", answer["status_code"]
