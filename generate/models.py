"""Typed models for the handlers, from the specs, by datamodel-code-generator."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from contract.document import Document, InvalidDocumentError
from generate.sources import NO_API, Sources

HEADER = '"""Generated from specs/{name}.yaml. Edit that, then `make generate`."""'

_OPTIONS = (
    "--input-file-type=openapi",
    "--openapi-scopes=schemas",
    "--output-model-type=typing.TypedDict",
    "--no-use-closed-typed-dict",  # mypy does not know closed TypedDicts yet
    "--target-python-version=3.11",
    "--enum-field-as-literal=all",
    "--use-standard-collections",
    "--use-union-operator",
    "--use-schema-description",
    "--wrap-string-literal",
    "--formatters=ruff-format",
)


def models(sources: Sources) -> dict[str, str]:
    """`models/NAME.py` for each API, and for the events.

    Raises:
        InvalidDocumentError: The generator cannot make types of a spec.
    """
    documents = {**sources.apis, "events": NO_API | sources.events}
    return {
        f"models/{name}.py": _models(sources.root, name, document)
        for name, document in documents.items()
    }


def _models(root: Path, name: str, document: Document) -> str:
    with tempfile.TemporaryDirectory() as folder:
        bundled, made = Path(folder, f"{name}.json"), Path(folder, f"{name}.py")
        bundled.write_text(json.dumps(document), "utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator", *_OPTIONS]
        header = f"--custom-file-header={HEADER.format(name=name)}"
        done = subprocess.run(
            [*command, header, f"--input={bundled}", f"--output={made}"],
            check=False,
            cwd=root,  # whose formatter's settings are taken
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
            raise InvalidDocumentError(f"specs/{name}.yaml:1: datamodel-code-generator: {reason}")
        return made.read_text("utf-8")
