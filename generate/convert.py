"""Swagger 2.0 as OpenAPI 3.1, by @scalar/openapi-upgrader."""

import json
from pathlib import Path

import yaml

from generate.node import NodeError, node_script, run_tool
from openapi.files import SpecFile

_ORDER = ("openapi", "info", "servers", "tags", "security", "paths", "components")


def converted(root: Path, swagger: Path) -> str:
    """The OpenAPI document, as YAML.

    Args:
        root: The repository, whose npm packages have the tool.
        swagger: The Swagger 2.0 document, YAML or JSON.

    Raises:
        InvalidDocumentError: It cannot be read, or is no Swagger 2.0.
        NodeError: The tool is not there, or cannot convert it.
    """
    file = SpecFile(swagger.resolve())
    if not isinstance(file.value, dict) or file.value.get("swagger") != "2.0":
        raise file.error(1, "is no Swagger 2.0: it does not say `swagger: '2.0'`")
    done = run_tool(node_script(root, "generate/upgrade.mjs"), root, json.dumps(file.value))
    if done.returncode:
        raise NodeError(f"generate/upgrade.mjs failed: {done.stderr.strip()}")
    document = json.loads(done.stdout)
    ordered = {key: document.pop(key) for key in _ORDER if key in document} | document
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=100)
