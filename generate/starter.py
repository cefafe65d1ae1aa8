"""The five operations of a resource over HTTP: a spec to start from, or for one without paths.

They keep the house rules as they stand, and are there to be edited.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generate.templates import filled
from openapi.description import JsonSchema
from openapi.files import SpecFile
from openapi.names import class_name
from services.rows import RowError

_COMPONENTS = re.compile(r"^components:[ \t]*\n(?:[ \t]*(?:#.*)?\n)*( +)(?=[\w'\"])", re.MULTILINE)
_NO_PATHS = re.compile(r"^paths:[ \t]*(\{ *\})?[ \t]*\n", re.MULTILINE)


_ID = "shared.yaml#/components/schemas/Id"


def has_paths(file: Path) -> bool:
    """Whether there is a spec, and one that says what its API does."""
    return file.exists() and bool((SpecFile(file).value or {}).get("paths"))


def begin(file: Path, name: str, model: str, key: str) -> None:
    """Write a spec with a resource, or the paths of one behind a spec that has none.

    What it stores is a schema of the spec, or one that is written with it.

    Args:
        file: The spec, which need not be there.
        name: Of the resource, in paths and operations: `inventory`.
        model: Of the schema that is stored, empty where that is plain to see.
        key: Of the property with an id, empty where that is plain to see.

    Raises:
        RowError: It is not plain to see, or the file is not written so that something can be added.
        InvalidDocumentError: The file cannot be read.
    """
    title = name.replace("_", " ").capitalize()
    if not file.exists():
        given = {"title": title, "model": model or class_name(name)}
        file.write_text(_part("head", **given), "utf-8")
    spec, text = SpecFile(file).value, file.read_text("utf-8")
    if file.suffix == ".json":
        raise RowError(f"{file.name} has no paths: write them, or the file in YAML")
    components, tags = spec.get("components", {}), [each["name"] for each in spec.get("tags", ())]
    schemas = components.get("schemas", {})
    model = _stored(file, schemas, model) if schemas else model or class_name(name)
    properties = schemas[model].get("properties", {}) if schemas else {}
    key = key or (key_of(properties, model, "id") if schemas else "id")
    given = {
        "name": name,
        "title": title,
        "tag": next(iter(tags), name),
        "model": model,
        "key": key,
    }
    given["id"] = f"#/components/schemas/{model}/properties/{key}" if key in properties else _ID
    given["sent"] = model if schemas and f"New{model}" not in schemas else f"New{model}"
    added = [*["tags"] * (not tags), *["security"] * ("security" not in spec)]
    parts = [
        *["schemes"] * ("security" not in spec and "securitySchemes" not in components),
        *["schemas"] * (not schemas),
    ]
    more = "".join(_part(each, **given) for each in parts)
    text = _NO_PATHS.sub("", text)
    if "components" in spec:
        text, more = _with_components(file, text, more), ""
    head = f"{text.rstrip()}\n{''.join(_part(each, **given) for each in added)}"
    paths = _part("paths", **given, examples=not schemas)
    behind = [f"components:\n{more}"] * bool(more)
    file.write_text("\n".join((head, paths, *behind)), "utf-8")


def _part(part: str, **given: object) -> str:
    return filled("starter.yml.j2", part=part, **given)


def key_of(properties: Iterable[str], schema: str, parameter: str) -> str:
    """The property with the id: called like the parameter, `id`, or after the schema.

    Raises:
        RowError: None is.
    """
    known, name = [*properties], class_name(schema)
    for wish in (parameter, "id", f"{name[:1].lower()}{name[1:]}Id", f"{schema.lower()}_id"):
        if wish in known:
            return wish
    raise RowError(
        f"which property of {schema} has the id is not plain to see ({', '.join(known)}): add "
        f"`--schema {schema} --key PROPERTY`"
    )


def _with_components(file: Path, text: str, parts: str) -> str:
    """The text with more components, above those that it has."""
    found = _COMPONENTS.search(text)
    if parts and found is None:
        raise RowError(f"{file.name}: write its components on lines of their own, without braces")
    if found is None:
        return text
    indented = "".join(f"{found[1]}{line[2:]}\n" for line in parts.splitlines())
    return f"{text[: found.start(1)]}{indented}{text[found.start(1) :]}"


def _stored(file: Path, schemas: Mapping[str, JsonSchema], model: str) -> str:
    """The schema of what is stored: the one that was said, or that all others are parts of."""
    objects = [each for each, schema in schemas.items() if "properties" in schema]
    used = {each.rpartition("/")[2] for each in _references(schemas)}
    found = [each for each in objects if each not in used and each.removeprefix("New") == each]
    if model in schemas:
        return model
    if len(found) != 1:
        known = ", ".join(objects) or "none is an object"
        what = f"which schema {file.name} stores is not plain to see ({known})"
        raise RowError(f"{what}: add `--schema SCHEMA`")
    return found[0]


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        node = [*node.values()]
    for each in node if isinstance(node, list) else ():
        yield from _references(each)
