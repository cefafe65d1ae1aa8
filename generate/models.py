"""Typed models for the handlers, from the specs, by datamodel-code-generator."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from contract.document import load_document

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


def generate_models(root: Path, *, write: bool = True) -> list[Path]:
    """Bring `models/NAME.py` up to date with each of the specs under `root`.

    Args:
        root: The repository.
        write: Whether to write what changed, or only to find it.

    Returns:
        The files that changed.

    Raises:
        InvalidDocumentError: A spec cannot be read.
        subprocess.CalledProcessError: The generator failed; it has said why on stderr.
    """
    changed = []
    for name in ("user", "order", "events"):
        text = _models(root, name)
        file = root / "models" / f"{name}.py"
        if not file.exists() or file.read_text("utf-8") != text:
            changed.append(file)
            if write:
                file.write_text(text, "utf-8")
    return changed


def _models(root: Path, name: str) -> str:
    document = load_document(root / "specs" / f"{name}.yaml")
    document = {"openapi": "3.0.3", "info": {"title": name, "version": "0"}, "paths": {}} | document
    with tempfile.TemporaryDirectory() as folder:
        bundled, made = Path(folder, f"{name}.json"), Path(folder, f"{name}.py")
        bundled.write_text(json.dumps(document), "utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator", *_OPTIONS]
        header = f"--custom-file-header={HEADER.format(name=name)}"
        subprocess.run(
            [*command, header, f"--input={bundled}", f"--output={made}"], check=True, cwd=root
        )
        return made.read_text("utf-8")
