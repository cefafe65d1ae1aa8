"""Names that Python gives: each another one, and the spec's own wherever it can be one."""

from pathlib import Path

from openapi.description import Description
from openapi.reading import load_description

SPEC = """
openapi: 3.0.3
info: {title: Names, version: '1'}
paths:
  /calls/{a-b}/{a.b}:
    get:
      parameters:
      - {name: a-b, in: path, required: true, schema: {type: string}}
      - {name: a.b, in: path, required: true, schema: {type: string}}
      - {name: 'Start<', in: query, schema: {type: string}}
      - {name: Start, in: query, schema: {type: string}}
      - {name: 'Start>', in: query, schema: {type: string}}
      - {name: Start, in: header, schema: {type: string}}
      - {name: Start_query, in: query, schema: {type: string}}
      responses: {'200': {description: OK}}
  /a-b: {get: {responses: {'200': {description: OK}}}}
  /a/b: {get: {responses: {'200': {description: OK}}}}
  /c: {get: {operationId: get_a_b, responses: {'200': {description: OK}}}}
  /d: {get: {operationId: get-a-b, responses: {'200': {description: OK}}}}
"""


def description(folder: Path, text: str) -> Description:
    """What a spec of this text says."""
    spec = folder / "spec.yaml"
    spec.write_text(text)
    return load_description(spec)


def test_operations_alike_are_numbered_and_who_has_the_name_keeps_it(tmp_path: Path) -> None:
    """An operationId that is a name of Python is the handler's, whatever comes before it."""
    operations = description(tmp_path, SPEC).operations
    assert {each.template: each.id for each in operations} == {
        "/calls/{a-b}/{a.b}": "get_calls_a_b_a_b",
        "/a-b": "get_a_b2",
        "/a/b": "get_a_b3",
        "/c": "get_a_b",
        "/d": "get_a_b4",
    }


def test_parameters_alike_say_their_place_and_are_numbered(tmp_path: Path) -> None:
    """The place where two are in different ones; a number where they are in the same."""
    parameters = description(tmp_path, SPEC).operations[0].parameters
    assert {(each.location, each.name): each.python_name for each in parameters} == {
        ("path", "a-b"): "a_b",
        ("path", "a.b"): "a_b2",
        ("query", "Start<"): "Start_query2",
        ("query", "Start"): "Start_query3",
        ("query", "Start>"): "Start_query4",
        ("header", "Start"): "Start_header",
        ("query", "Start_query"): "Start_query",
    }


def test_what_is_the_bodys_is_nobody_elses(tmp_path: Path) -> None:
    """Not even a parameter of the path has the body's name."""
    parameters = "[{name: body, in: path, required: true, schema: {type: string}}]"
    body = "{content: {application/json: {schema: {type: string}}}}"
    responses = "{'200': {description: OK}}"
    head = "openapi: 3.0.3\ninfo: {title: Body, version: '1'}\npaths: {'/{body}': {put: {"
    spec = f"{head}parameters: {parameters}, requestBody: {body}, responses: {responses}}}}}}}\n"
    assert description(tmp_path, spec).operations[0].parameters[0].python_name == "body_path"


IGNORED = """
openapi: {version}
info: {{title: Ignored, version: '1'}}
paths: {{}}
components:
  schemas:
    A: {{type: string}}
    B:
      type: object
      properties:
        a: {{$ref: '#/components/schemas/A', description: Fine, maxLength: 3}}
        b: {{{keyword}}}
"""


def test_what_changes_nothing_is_noted_with_its_line(tmp_path: Path) -> None:
    """Beside a reference in 3.0; keywords that JSON Schema does not know in 3.1."""
    of_30 = description(tmp_path, IGNORED.format(version="3.0.3", keyword="type: string"))
    instead = "write both into an `allOf`"
    place = f"{tmp_path}/spec.yaml:11"
    assert of_30.notes == (
        f"{place}: `maxLength` beside `$ref` is ignored, as OpenAPI says: {instead}",
    )
    assert of_30.schemas["B"]["properties"]["a"] == {"$ref": "#/components/schemas/A"}
    of_31 = description(tmp_path, IGNORED.format(version="3.1.0", keyword="nullable: true"))
    instead = "write `type: [string, 'null']`"
    place = f"{tmp_path}/spec.yaml:12"
    assert of_31.notes == (f"{place}: a schema has no `nullable`, it changes nothing: {instead}",)
    assert of_31.schemas["B"]["properties"]["a"]["maxLength"] == 3
    assert of_31.schemas["B"]["properties"]["b"] == {}


def test_json_may_hold_what_yaml_cannot(tmp_path: Path) -> None:
    """Control characters above ASCII, and lines counted as JSON counts them."""
    spec = tmp_path / "spec.json"
    head = (
        '{"openapi": "3.1.0", "paths": {},\n"info": {"title": "\x7f\x85\u2028", "version": "1"},\n'
    )
    spec.write_text(f'{head}"components": {{"schemas": {{"A": {{"nullable": true}}}}}}}}')
    read = load_description(spec)
    assert read.document["info"]["title"] == "\x7f\x85\u2028"
    assert read.notes[0].startswith(f"{spec}:3: ")
