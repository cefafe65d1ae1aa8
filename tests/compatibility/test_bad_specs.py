"""Commands for clients' things tell what is wrong with a spec, in one line, and make nothing."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aware import publish, release, sdks
from openapi.errors import InvalidDocumentError
from tests.declaring import copy_declared

COMMANDS: dict[str, tuple[object, click.Command, list[str]]] = {
    "release": (release, release.release, []),
    "check": (release, release.release, ["--check"]),
    "sdks": (sdks, sdks.sdks, []),
    "publish": (publish, publish.publish, ["--dry-run"]),
}
BAD: dict[str, Callable[[str], str]] = {
    "syntax": lambda text: text.replace("info:", "info: [", 1),
    "reference": lambda text: text.replace("schemas/NewOrder'", "schemas/NoOrder'", 1),
    "operation": lambda text: text.replace(
        "Id: get_order\n      tags", "Id: list_orders\n      tags"
    ),
    "version": lambda text: text.replace("openapi: 3.0.3", "openapi: 3.2.0", 1),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
@pytest.mark.parametrize("called", COMMANDS.values(), ids=COMMANDS)
def test_a_bad_spec_is_told_with_its_file_and_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    called: tuple[object, click.Command, list[str]],
    spoil: Callable[[str], str],
) -> None:
    """And nothing is made."""
    copy_declared(tmp_path)
    spec = tmp_path / "specs" / "order.yaml"
    text = spec.read_text("utf-8")
    assert spoil(text) != text
    spec.write_text(spoil(text), "utf-8")
    before = sorted(tmp_path.rglob("*"))
    module, command, options = called
    monkeypatch.setattr(module, "ROOT", tmp_path)
    result = CliRunner().invoke(command, options, env={"SWAGGERHUB_OWNER": None})
    assert isinstance(result.exception, InvalidDocumentError), result.output
    message = str(result.exception)
    assert "order.yaml:" in message
    assert "\n" not in message
    assert sorted(tmp_path.rglob("*")) == before
