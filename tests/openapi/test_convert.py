"""Swagger 2.0 becomes OpenAPI 3.1 by one command; the paper's two files are the test."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from aware.convert import convert
from contract.bindable import load_api

SWAGGER = Path(__file__).parent / "swagger"


def test_the_papers_user_service_can_be_served_as_it_is_converted(tmp_path: Path) -> None:
    """Every operation, with its body and its answers."""
    spec = tmp_path / "user.yaml"
    done = CliRunner().invoke(convert, [str(SWAGGER / "user.yaml"), str(spec)])
    assert done.exit_code == 0, done.output
    description = load_api(spec)
    assert {str(each): each.id for each in description.operations} == {
        "POST /users/": "post_users",
        "PUT /users/{id}": "put_users_id",
    }
    put = description.operations[1]
    assert put.body is not None
    assert put.body.required
    assert [*put.responses] == ["200", "404"]
    assert description.schemas["User"]["required"] == ["userId", "emails", "deliveryAddress"]


def test_the_papers_order_service_can_be_served_as_it_is_converted(tmp_path: Path) -> None:
    """The mask that an operation takes in a header is one of its parameters."""
    spec = tmp_path / "order.yaml"
    done = CliRunner().invoke(convert, [str(SWAGGER / "order.yaml"), str(spec)])
    assert done.exit_code == 0, done.output
    operations = {str(each): each for each in load_api(spec).operations}
    assert "PUT /orders/{id}/status" in operations
    names = [each.python_name for each in operations["GET /orders/"].parameters]
    assert names == ["status", "X_Fields"]


def test_what_a_converted_spec_still_needs_is_told_with_its_line(tmp_path: Path) -> None:
    """A path that every service has beside its API, for one: Swagger allows it."""
    swagger, spec = tmp_path / "in.yaml", tmp_path / "out.yaml"
    text = (SWAGGER / "user.yaml").read_text()
    swagger.write_text(text.replace("  /users/:", "  /metrics:"))
    done = CliRunner().invoke(convert, [str(swagger), str(spec)])
    assert done.exit_code == 1
    lines = spec.read_text().splitlines()
    place = int(done.output.split("out.yaml:")[-1].split(":")[0])
    assert lines[place - 1].strip() == "/metrics:"
    assert "/metrics meets /metrics" in done.output


@pytest.mark.parametrize(
    ("text", "reason"),
    [("openapi: 3.0.3", "is no Swagger 2.0"), ("swagger: '2.0'\nswagger: 2", "is there twice")],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    """And nothing is written."""
    swagger, spec = tmp_path / "in.yaml", tmp_path / "out.yaml"
    swagger.write_text(text)
    done = CliRunner().invoke(convert, [str(swagger), str(spec)])
    assert done.exit_code == 1
    assert reason in str(done.exception)
    assert not spec.exists()
