"""What a handler may return, as the generated types say it."""

from pathlib import Path

import pytest

from contract.bindable import load_api
from generate.returns import imports, returned, value_of
from openapi.description import Operation
from tests.generate.copying import ROOT

GOOD = load_api(ROOT / "tests" / "openapi" / "good" / "v30" / "api.yaml")


def operation(name: str) -> Operation:
    """One of the API that uses everything."""
    return next(each for each in GOOD.operations if each.id == name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("answers_value", "Anything"),
        ("answers_created", "Named | None"),
        ("answers_empty", "None"),
        ("answers_undescribed", "None"),
        ("answers_ranges", "Named"),
        ("answers_defaulted", "Named"),
        ("answers_nullable", "str | None"),
        ("answers_text", "str | bytes | File | Stream"),
        ("answers_bytes", "bytes | File | Stream"),
        ("answers_events", "str | bytes | File | Stream"),
        ("answers_several", "Rows | str | bytes | File | Stream | Representations"),
        ("answers_any", "object"),
        ("answers_secrets", "list[MeansResponse]"),
        ("get_thing", "dict[str, Any]"),
    ],
)
def test_a_type_holds_what_the_successes_do(name: str, written: str) -> None:
    """Models by their names, text, bytes, files and streams, and None where there is no body."""
    assert value_of(GOOD, operation(name)).written == written


def test_a_handler_may_return_more_than_the_value() -> None:
    """What a database holds of a model, a value with headers, a response."""
    found = returned(GOOD, operation("answers_created"), "api")
    assert found.written == (
        "Answer[api.Named | dict[str, Any] | None] | Response | api.Named | dict[str, Any] | None"
    )
    assert found.models == {"Named"}
    assert imports(found.names) == [
        "from contract.answers.returned import Answer",
        "from typing import Any",
        "from starlette.responses import Response",
    ]


def test_an_operation_without_a_success_may_return_anything(tmp_path: Path) -> None:
    """Its handler says the status itself."""
    spec = tmp_path / "api.yaml"
    spec.write_text(
        "openapi: 3.0.3\ninfo: {title: A, version: '1'}\npaths:\n  /a:\n    get:\n"
        "      operationId: a\n      responses: {'302': {description: Elsewhere}}\n"
    )
    description = load_api(spec)
    assert value_of(description, description.operations[0]).written == "object"
