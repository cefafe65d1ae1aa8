"""The five operations of a resource over HTTP: a spec to start from, or for one without paths.

They keep the house rules as they stand, and are there to be edited.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Template

from openapi.description import JsonSchema
from openapi.files import SpecFile
from openapi.names import class_name
from services.rows import RowError

_HEAD = Template("""\
# The $title API.
openapi: 3.0.3
info:
  title: $title
  version: 0.1.0
  description: $model, one by one and page by page.
  contact: {name: Aware Micro-Services}
  license: {name: MIT, url: 'https://opensource.org/license/mit'}
servers:
  - {url: /, description: Where this document is served}
""")

_SECURITY = "security: [{}, {apiKey: []}]\n"

_TAGS = Template("tags:\n  - {name: $name, description: $title}\n")

_PATHS = Template("""\
paths:
  /$name/:
    get:
      operationId: list_$name
      tags: [$tag]
      summary: A page
      parameters:
        - name: limit
          in: query
          description: How many at most.
          schema: {type: integer, format: int32, minimum: 1, maximum: 1000, default: 100}
          example: 20
        - name: cursor
          in: query
          description: Where to go on, as the `Link` header of the page before gives it.
          schema: {type: string, pattern: '^[A-Za-z0-9_-]+$$', minLength: 1, maxLength: 200}
      responses:
        '200':
          description: A page.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
            Link:
              description: 'Where there is more: the next page, `rel="next"`.'
              schema: {type: string, maxLength: 500}
          content:
            application/json:
              schema: {type: array, maxItems: 1000, items: {$$ref: '#/components/schemas/$model'}}
              example: [{$key: 5a4e4ef2-6cbb-4a3c-9d0e-3f1f3f3f2b11, name: An example}]
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    post:
      operationId: create_$name
      tags: [$tag]
      summary: Create one
      requestBody: &sent
        required: true
        content:
          application/json:
            schema: {$$ref: '#/components/schemas/$sent'}
            example: {name: An example}
      responses:
        '201':
          description: As it is stored.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
            Location:
              description: Where it is from now on.
              required: true
              schema: {type: string, maxLength: 200, example: /$name/5a4e4ef2}
          content: &one
            application/json:
              schema: {$$ref: '#/components/schemas/$model'}
              example: {$key: 5a4e4ef2-6cbb-4a3c-9d0e-3f1f3f3f2b11, name: An example}
          links:
            get_$name: {operationId: get_$name, parameters: {id: '$$response.body#/$key'}}
            replace_$name: {operationId: replace_$name, parameters: {id: '$$response.body#/$key'}}
            delete_$name: {operationId: delete_$name, parameters: {id: '$$response.body#/$key'}}
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '413': {$$ref: 'shared.yaml#/components/responses/PayloadTooLarge'}
        '415': {$$ref: 'shared.yaml#/components/responses/UnsupportedMediaType'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}

  /$name/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {$$ref: '$id'}}
    get:
      operationId: get_$name
      tags: [$tag]
      summary: One
      responses:
        '200': &answered
          description: It.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
          content: *one
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    put:
      operationId: replace_$name
      tags: [$tag]
      summary: Put another in its place
      requestBody: *sent
      responses:
        '200': *answered
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '413': {$$ref: 'shared.yaml#/components/responses/PayloadTooLarge'}
        '415': {$$ref: 'shared.yaml#/components/responses/UnsupportedMediaType'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
    delete:
      operationId: delete_$name
      tags: [$tag]
      summary: Remove it
      responses:
        '204':
          description: It is gone.
          headers:
            X-Service-Version: {$$ref: 'shared.yaml#/components/headers/ServiceVersion'}
        '400': {$$ref: 'shared.yaml#/components/responses/BadRequest'}
        '401': {$$ref: 'shared.yaml#/components/responses/Unauthorized'}
        '404': {$$ref: 'shared.yaml#/components/responses/NotFound'}
        '429': {$$ref: 'shared.yaml#/components/responses/TooManyRequests'}
        '503': {$$ref: 'shared.yaml#/components/responses/ServiceUnavailable'}
""")

_SCHEMES = """\
  securitySchemes:
    apiKey: {$ref: 'shared.yaml#/components/securitySchemes/apiKey'}
"""

_SCHEMAS = Template("""\
  schemas:
    New$model:
      type: object
      description: What a client says of one.
      additionalProperties: false
      required: [name]
      properties:
        name: {$$ref: 'shared.yaml#/components/schemas/Text'}
    $model:
      type: object
      description: One as it is stored.
      required: [$key, name]
      properties:
        $key: {$$ref: 'shared.yaml#/components/schemas/Id'}
        name: {$$ref: 'shared.yaml#/components/schemas/Text'}
""")
_EXAMPLE = re.compile(r"^ +example: [\[{].*\bname: An example\b.*\n", re.MULTILINE)
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
        file.write_text(_HEAD.substitute(title=title, model=model or class_name(name)), "utf-8")
    spec, text = SpecFile(file).value, file.read_text("utf-8")
    if file.suffix == ".json":
        raise RowError(f"{file.name} has no paths: write them, or the file in YAML")
    components, tags = spec.get("components", {}), [each["name"] for each in spec.get("tags", ())]
    schemas = components.get("schemas", {})
    given = {"name": name, "title": title, "tag": next(iter(tags), name)}
    added, paths = ["" if tags else _TAGS.substitute(given)], _PATHS
    if "security" not in spec:
        added.append(_SECURITY)
    if schemas:
        model = _stored(file, schemas, model)
        properties = schemas[model].get("properties", {})
        key = key or key_of(properties, model, "id")
        given["id"] = f"#/components/schemas/{model}/properties/{key}" if key in properties else _ID
        given["sent"] = f"New{model}" if f"New{model}" in schemas else model
        paths = Template(_EXAMPLE.sub("", _PATHS.template))
    else:
        model, key = model or class_name(name), key or "id"
        given |= {"id": _ID, "sent": f"New{model}"}
    given |= {"model": model, "key": key}
    parts = "" if "securitySchemes" in components or "security" in spec else _SCHEMES
    parts += "" if schemas else _SCHEMAS.substitute(given)
    text = _NO_PATHS.sub("", text)
    if "components" in spec:
        text, parts = _with_components(file, text, parts), ""
    head = f"{text.rstrip()}\n{''.join(added)}"
    behind = [f"components:\n{parts}"] * bool(parts)
    text = "\n".join((head, paths.substitute(given), *behind))
    file.write_text(text, "utf-8")


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
        "`--key PROPERTY`"
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
