"""Bad specs, one fault each: refused in one line that says where, what, and what to write."""

import re
from pathlib import Path

import pytest

from contract.bindable import load_api
from openapi.errors import InvalidDocumentError

ROOT = Path(__file__).parents[2]
BAD = sorted((ROOT / "tests" / "openapi" / "bad").iterdir())

JSON = {
    "json-comma.json": "3: is not JSON: Expecting property name enclosed in double quotes",
    "json-comment.json": "2: is not JSON: Expecting property name enclosed in double quotes",
    "json-key-twice.json": "4: the key paths is there twice: remove one of them",
    "json-nan.json": "3: is not JSON: NaN is no value of JSON",
    "json-too-large.json": "3: is not JSON: 1e999 is no value of JSON",
}
"""What is said of the files that can have no comment."""


def expected(spec: Path) -> str:
    """The line and what is said: after `# expected: ` in the first line of the file."""
    if spec.suffix == ".json":
        return JSON[spec.name]
    first = spec.read_bytes().partition(b"\n")[0].decode()
    return first.removeprefix("# expected: ")


@pytest.mark.parametrize("spec", BAD, ids=lambda spec: spec.name)
def test_a_bad_spec_is_refused_in_one_line(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the file, the line of the fault, and what is wrong."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(InvalidDocumentError) as caught:
        load_api(spec)
    assert str(caught.value) == f"tests/openapi/bad/{spec.name}:{expected(spec)}"


def test_several_faults_have_a_line_each(tmp_path: Path) -> None:
    """All issues of a kind are told at once, and each line stands for itself."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "openapi: 3.0.3\n"
        "info: {title: Things, version: '1', titel: x}\n"
        "paths: {}\n"
        "tag: []\n"
        "components: {schemas: {Thing: {typ: string}}}\n"
    )
    with pytest.raises(InvalidDocumentError) as caught:
        load_api(spec)
    lines = str(caught.value).splitlines()
    assert [re.sub(r".*spec\.yaml:(\d+): .*", r"\1", line) for line in lines] == ["4", "2", "5"]


def test_what_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    """Whatever part of us runs out of stack, it is a line and no traceback."""
    for depth in (60, 120, 240, 480, 960, 5000):
        spec = tmp_path / f"{depth}.yaml"
        nested = "{not: " * depth + "{type: string}" + "}" * depth
        head = "openapi: 3.0.3\ninfo: {title: Deep, version: '1'}\npaths: {}\n"
        spec.write_text(f"{head}components: {{schemas: {{A: {nested}}}}}\n")
        try:
            load_api(spec)
        except InvalidDocumentError as error:
            assert re.fullmatch(r".*\.yaml:\d+: .*nested too deeply.*", str(error))  # noqa: PT017
        else:
            assert depth < 500


def test_a_chain_of_references_may_be_long(tmp_path: Path) -> None:
    """A thousand schemas, each in a file of its own and referring to the next, are no depth."""
    for number in range(1000):
        following = f"{number + 1}.yaml" if number < 999 else "0.yaml"
        properties = f"{{next: {{$ref: '{following}'}}}}"
        (tmp_path / f"{number}.yaml").write_text(f"type: object\nproperties: {properties}\n")
    spec = tmp_path / "spec.yaml"
    head = "openapi: 3.0.3\ninfo: {title: Chain, version: '1'}\npaths: {}\n"
    spec.write_text(f"{head}components: {{schemas: {{First: {{$ref: '0.yaml'}}}}}}\n")
    assert len(load_api(spec).schemas) == 1001
