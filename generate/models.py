"""Typed models for the handlers, from the specs, by datamodel-code-generator."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from generate.sources import Sources
from openapi.description import REFERENCE, Description, JsonSchema, name_of
from openapi.errors import InvalidDocumentError
from openapi.schemas import mapped

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


_DROPPED = {"discriminator", "examples", "default"}
"""Keywords that say nothing about a type, and may look like a reference."""


def models(sources: Sources) -> dict[str, str]:
    """`models/NAME.py` for each API, and for the events.

    Raises:
        InvalidDocumentError: The generator cannot make types of a spec.
    """
    descriptions = {**sources.apis, "events": sources.events}
    return {
        f"models/{name}.py": _models(sources.root, name, description)
        for name, description in descriptions.items()
    }


def _models(root: Path, name: str, description: Description) -> str:
    with tempfile.TemporaryDirectory() as folder:
        bundled, made = Path(folder, f"{name}.json"), Path(folder, f"{name}.py")
        bundled.write_text(json.dumps(_schemas(description)), "utf-8")
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
        text = made.read_text("utf-8")
    for schema, model in description.class_names.items():
        if not re.search(rf"^(class )?{model}\b", text, re.MULTILINE):
            raise InvalidDocumentError(
                f"specs/{name}.yaml:1: there is no model for the schema {schema}: rename it"
            )
    return text


def _schemas(description: Description) -> dict[str, object]:
    """The schemas, called as their models, as the generator reads them."""
    names = description.class_names

    def named(schema: JsonSchema) -> JsonSchema:
        plain = {key: value for key, value in schema.items() if key not in _DROPPED}
        if "$ref" in plain:
            plain["$ref"] = f"{REFERENCE}{names[name_of(plain['$ref'])]}"
        return mapped(plain, named)

    return {
        "openapi": "3.1.0",
        "info": {"title": "Models", "version": "1"},
        "paths": {},
        "components": {
            "schemas": {names[name]: named(each) for name, each in description.schemas.items()}
        },
    }
