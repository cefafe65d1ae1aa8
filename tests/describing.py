"""Descriptions of documents that a test makes."""

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from contract.schema import Schema
from openapi.description import Description
from openapi.reading import load_description
from openapi.views import View


def described(document: dict[str, Any]) -> Description:
    """The description of a whole document, whose file is there until the tests end.

    What is wrong is told with its line, for which the file is read again.
    """
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    spec = Path(folder, "spec.json")
    spec.write_text(json.dumps(document), "utf-8")
    return load_description(spec)


def described_schemas(version: str = "3.0.3", **schemas: object) -> Description:
    """The description of schemas, as a spec of this OpenAPI says them."""
    return described(
        {
            "openapi": version,
            "info": {"title": "Schemas", "version": "1"},
            "paths": {},
            "components": {"schemas": schemas},
        }
    )


def compiled(
    schema: object,
    version: str = "3.0.3",
    view: View = View.PLAIN,
    *,
    closed: bool = False,
    **others: object,
) -> Schema:
    """One schema, compiled; `others` are what it may refer to, by name."""
    schemas = described_schemas(version, Whole=schema, **others).schemas
    return Schema(schemas["Whole"], schemas, view, closed=closed)
