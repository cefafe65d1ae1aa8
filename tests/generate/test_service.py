"""`aware service`: a service more and a service fewer, in a copy of the repository that runs."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from local.ports import Ports, free_port, names, variable
from local.stack import Stack
from tests.declaring import WITH_BLOCKS
from tests.generate.conftest import replace_in
from tests.generate.copying import ROOT, copy_repository
from tests.generate.printed import environment

pytestmark = pytest.mark.slow

NEW = ("service", "new", "stock-service", "--spec", "specs/stock.yaml")
TAGS = """
openapi: 3.1.0
info: {title: Tags, version: 1.0.0}
security: []
paths:
  /tags/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get:
      operationId: get_tag
      responses:
        '200':
          description: It.
          content: {application/json: {schema: {$ref: '#/components/schemas/Tag'}}}
    patch:
      operationId: change_tag
      responses: {'204': {description: Changed.}}
components:
  schemas:
    Tag: {type: object, required: [name], properties: {name: {type: string}, size: {type: integer}}}
    Other: {type: object, properties: {otherId: {type: string}}}
"""


@dataclass(frozen=True)
class Copy:
    """A copy of the repository."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def aware(self, *arguments: str, fails: bool = False) -> str:
        """What a command says, of which is expected whether it fails."""
        return self._run(".venv/bin/python", "-m", "aware", *arguments, fails=fails)

    def tool(self, *command: str) -> str:
        """The same of another module."""
        return self._run(".venv/bin/python", "-m", *command)

    def texts(self) -> dict[str, str]:
        """Every file that a command may have changed."""
        kinds = ("*.yaml", "*.py", "*.json", "*.txt", "*.template")
        folders = ("specs", "handlers", "models", "schemas", "kong", "docs")
        found = [
            file for each in folders for kind in kinds for file in (self.folder / each).rglob(kind)
        ]
        found += [self.folder / each for each in ("services.yaml", *WITH_BLOCKS)]
        return {str(each.relative_to(self.folder)): each.read_text("utf-8") for each in found}

    def _run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(**self.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """Each test leaves it as it was."""
    with tempfile.TemporaryDirectory(prefix="service-") as folder:  # a short path, for sockets
        yield Copy(copy_repository(Path(folder)))


@pytest.fixture
def before(copy: Copy) -> Iterator[dict[str, str]]:
    """What the copy holds, and holds again after the test."""
    texts = copy.texts()
    yield texts
    for path in copy.texts().keys() - texts.keys():
        (copy.folder / path).unlink()
    for path, text in texts.items():
        (copy.folder / path).write_text(text, "utf-8")


@pytest.mark.timeout(600)
def test_a_service_begun_by_one_command_runs(copy: Copy, before: dict[str, str]) -> None:
    """All five operations, behind the gateway; what is generated passes every gate."""
    told = copy.aware(*NEW, "--schema", "Item", "--key", "sku")
    assert "written    specs/stock.yaml\n" in told
    assert "written    handlers/stock.py\n" in told
    assert "kong_stock_service is not in kong/kong.yml.template." in told
    assert set(copy.texts()) - set(before) == {
        *("specs/stock.yaml", "handlers/stock.py", "models/stock.py", "models/fields/stock.py"),
        "schemas/stock_schema.json",
    }
    rows = (copy.folder / "services.yaml").read_text("utf-8")
    assert rows.startswith(before["services.yaml"])
    assert copy.aware("service", "specs").splitlines()[-1] == "specs/stock.yaml"
    failed = [line for line in copy.aware("check", fails=True).splitlines() if "FAILED" in line]
    assert failed == ["FAILED  the gateway's routes agree with the specs"]
    write_routes(copy, told)
    assert "FAILED" not in copy.aware("check")
    assert copy.tool("mypy", "handlers", "models").startswith("Success")
    copy.tool("ruff", "check", "handlers")
    copy.tool("ruff", "format", "--check", "handlers", "models")
    _require_answers(copy)


def write_routes(copy: Copy, told: str) -> None:
    """Write into the gateway's template what `service new` has printed for it."""
    found = told.partition(" is not in kong/kong.yml.template.")[2].partition("\nnext  ")[0]
    template = copy.folder / "kong" / "kong.yml.template"
    above, end, below = template.read_text("utf-8").partition("\n# What no route above takes")
    routes = found.partition("\n")[2].rstrip()
    template.write_text(f"{above.rstrip()}\n{routes}\n{end}{below}", "utf-8")


def _require_answers(copy: Copy) -> None:
    ports = Ports.free()
    given = {variable(name): str(ports[name]) for name in names()}
    copy = Copy(copy.folder, {**given, "STOCK_SERVICE_PORT": str(free_port())})
    try:
        copy.aware("start")
        with httpx.Client(base_url=ports.url("gateway"), timeout=30) as client:
            made = [client.post("/stock/", json={"name": f"thing {n}"}) for n in range(3)]
            assert {each.status_code for each in made} == {201}
            place = made[0].headers["Location"]
            assert place == f"/stock/{made[0].json()['sku']}"
            assert client.get(place).json() == made[0].json()
            changed = client.put(place, json={"name": "another"})
            assert changed.json() == {"sku": made[0].json()["sku"], "name": "another"}
            sample = [f"s{number}" for number in range(1, 6)]
            first = client.get("/stock/?limit=5")
            second = client.get(first.links["next"]["url"])
            assert "next" not in second.links
            listed = [each["sku"] for each in (*first.json(), *second.json())]
            assert sorted(listed) == sorted([*sample, *(each.json()["sku"] for each in made)])
            assert client.delete(place).status_code == 204
            assert client.get(place).status_code == client.delete(place).status_code == 404
            assert client.post("/stock/", json={}).status_code == 400
    finally:
        Stack(copy.folder / ".aware", ports, 70).stop()
        shutil.rmtree(copy.folder / ".aware", ignore_errors=True)


def test_one_that_is_removed_leaves_what_a_person_decides_about(
    copy: Copy, before: dict[str, str]
) -> None:
    """The row is gone, to the byte; without the files that are named all is as it was."""
    copy.aware(*NEW)
    told = copy.aware("service", "remove", "stock-service")
    assert (copy.folder / "services.yaml").read_text("utf-8") == before["services.yaml"]
    left = [line.split(maxsplit=1)[1] for line in told.splitlines() if line.startswith("left")]
    files = [each for each in left if (copy.folder / each).is_file()]
    assert files == ["specs/stock.yaml", "handlers/stock.py"]
    assert len(left) == 4
    for each in files:
        (copy.folder / each).unlink()
    copy.aware("generate")
    assert copy.texts() == before


def test_what_is_stored_is_found_in_a_spec_that_is_there(
    copy: Copy, before: dict[str, str]
) -> None:
    """With the property of its id; an operation that is not plain gets a stub."""
    spec = copy.folder / "specs" / "tag.yaml"
    spec.write_text(TAGS, "utf-8")
    copy.aware("service", "new", "tag-service", "--spec", "specs/tag.yaml")
    assert spec.read_text("utf-8") == TAGS
    rows = (copy.folder / "services.yaml").read_text("utf-8").removeprefix(before["services.yaml"])
    assert rows.endswith("    collections:\n      tags:\n        schema: Tag\n        key: name\n")
    handlers = (copy.folder / "handlers" / "tag.py").read_text("utf-8")
    assert "    return await tags.get(name)\n" in handlers
    assert 'raise NotImplementedYet("change_tag is not implemented yet.")' in handlers


def test_all_that_is_got_by_an_id_is_stored(copy: Copy, before: dict[str, str]) -> None:
    """A collection each; what answers in XML too, or has parts whose ids we set, is not plain."""
    spec = copy.folder / "specs" / "tag.yaml"
    other, more = "{$ref: '#/components/schemas/Other'}", "application/xml: {}"
    path = f"""
  /others/{{otherId}}:
    parameters: [{{name: otherId, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: get_other
      responses:
        '200':
          description: It.
          content: {{application/json: {{schema: {other}}}, {more}}}
    put:
      operationId: put_other
      requestBody: {{required: true, content: {{application/json: {{schema: {other}}}}}}}
      responses:
        '200': {{description: It., content: {{application/json: {{schema: {other}}}}}}}
    delete:
      operationId: delete_other
      responses: {{'204': {{description: It is gone.}}}}
"""
    part = "{type: object, required: [id], properties: {id: {type: string, readOnly: true}}}"
    text = TAGS.replace("\npaths:\n", f"\npaths:{path}").replace(
        "{otherId: {type: string}}", f"{{otherId: {{type: string}}, part: {part}}}"
    )
    spec.write_text(text, "utf-8")
    copy.aware("service", "new", "tag-service", "--spec", "specs/tag.yaml")
    rows = (copy.folder / "services.yaml").read_text("utf-8").removeprefix(before["services.yaml"])
    assert rows.endswith(
        "    collections:\n      tags:\n        schema: Tag\n        key: name\n"
        "      others:\n        schema: Other\n        key: otherId\n"
    )
    handlers = (copy.folder / "handlers" / "tag.py").read_text("utf-8")
    stubs = ("get_other", "put_other", "change_tag")
    assert all(f'NotImplementedYet("{each} is' in handlers for each in stubs)
    assert "    await others.delete(otherId)\n" in handlers


def test_the_handler_of_a_merge_patch_is_written(copy: Copy, before: dict[str, str]) -> None:
    """Of an object that is stored; the type check takes it."""
    spec, patch = copy.folder / "specs" / "tag.yaml", "application/merge-patch+json"
    answer = "content: {application/json: {schema: {$ref: '#/components/schemas/Tag'}}}"
    sent = f"{{required: true, content: {{{patch}: {{schema: {{type: object}}}}}}}}"
    responses = "responses: {'204': {description: Changed.}}"
    assert responses in TAGS
    changed = f"requestBody: {sent}\n      responses: {{'200': {{description: It., {answer}}}}}"
    spec.write_text(TAGS.replace(responses, changed), "utf-8")
    copy.aware("service", "new", "tag-service", "--spec", "specs/tag.yaml")
    handlers = (copy.folder / "handlers" / "tag.py").read_text("utf-8")
    assert "    return await tags.merge(name, body)\n" in handlers
    assert "NotImplementedYet" not in handlers
    assert copy.tool("mypy", "handlers", "models").startswith("Success")
    assert (copy.folder / "services.yaml").read_text("utf-8").startswith(before["services.yaml"])


INFO = """\
# By hand.
openapi: 3.1.0
info:
  title: Tags
  version: 1.0.0
  contact: {name: Somebody}
  license: {name: MIT, url: 'https://opensource.org/license/mit'}
servers: [{url: /, description: Here}]
"""
STORED = """
components:
    # Deeper than usual.
    schemas:
        Tag:
            type: object
            description: A tag.
            required: [tagId, size]
            additionalProperties: false
            properties:
                tagId: {type: string, pattern: '^[a-z]{1,9}$', maxLength: 9, description: Its id.}
                size: {$ref: '#/components/schemas/Size'}
        Size: {type: object, properties: {cm: {type: integer, minimum: 0, maximum: 9}}}
"""
BEGUN: dict[str, tuple[str, str, str, set[str]]] = {
    "no-components": (f"{INFO}paths: {{}}\ntags: [{{name: all}}]\n", "Tag", "id", set()),
    "what-is-stored": (
        INFO + STORED,
        "Tag",
        "tagId",
        {"the specs keep the rules of specs/redocly.yaml"},
    ),
}


@pytest.mark.parametrize("case", BEGUN)
def test_a_spec_without_paths_gets_those_of_a_resource(
    copy: Copy, before: dict[str, str], case: str
) -> None:
    """Behind what it says, every line of which is kept; examples of one's own are one's own."""
    text, schema, key, left = BEGUN[case]
    spec = copy.folder / "specs" / "tag.yaml"
    spec.write_text(text, "utf-8")
    assert "written    specs/tag.yaml\n" in copy.aware(
        "service", "new", "tag", "--spec", "specs/tag.yaml"
    )
    lines = spec.read_text("utf-8").splitlines()
    assert [each for each in text.splitlines() if each not in lines] in ([], ["paths: {}"])
    rows = (copy.folder / "services.yaml").read_text("utf-8").removeprefix(before["services.yaml"])
    assert f"        schema: {schema}\n        key: {key}\n" in rows
    handlers = (copy.folder / "handlers" / "tag.py").read_text("utf-8")
    assert handlers.count("async def ") == 5
    assert "NotImplementedYet" not in handlers
    told = copy.aware("check", fails=True)
    failed = {line.partition("  ")[2] for line in told.splitlines() if line.startswith("FAILED")}
    assert failed == left | {"the gateway's routes agree with the specs"}
    if left:
        assert "- '~/tag/(?<id>[a-z]+)/?$'" in told


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "name": (
        ("order-service", "--spec", "specs/stock.yaml"),
        "services.yaml has a service order-service: choose another name",
    ),
    "no-name": (("Stock", "--spec", "specs/stock.yaml"), '"Stock" does not match'),
    "elsewhere": (
        ("stock-service", "--spec", "stock.yaml"),
        "stock.yaml is no file in specs/: name it specs/stock.yaml",
    ),
    "taken": (("again", "--spec", "specs/user.yaml"), "the spec user belongs to another row"),
    "clients": (
        ("stock-service", "--spec", "specs/stock.yaml", "--clients", "aware-users"),
        "the clients aware-users belongs to another row",
    ),
    "no-lines": (("tag-service", "--spec", "specs/flow.yaml"), "lines of their own"),
    "two-schemas": (
        ("tag-service", "--spec", "specs/two.yaml"),
        "which schema two.yaml stores is not plain to see (Tag, Size): add `--schema SCHEMA`",
    ),
    "json": (("tag-service", "--spec", "specs/tag.json"), "or the file in YAML"),
    "no-schema": (
        ("tag-service", "--spec", "specs/tag.yaml", "--schema", "Thing"),
        "what specs/tag.yaml stores is not plain to see",
    ),
    "no-key": (
        ("tag-service", "--spec", "specs/tag.yaml", "--key", "title"),
        "Tag in specs/tag.yaml has no property title: write it there, or name another of name",
    ),
}


WRITTEN = {
    "tag.yaml": TAGS,
    "flow.yaml": f"{INFO}components: {{examples: {{}}}}\n",
    "two.yaml": INFO + STORED.replace("{$ref: '#/components/schemas/Size'}", "{type: integer}"),
    "tag.json": '{"openapi": "3.1.0", "info": {"title": "Tags", "version": "1.0.0"}}',
}
"""What is there before, by the file."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_a_service_is_refused_and_nothing_is_left(
    copy: Copy, before: dict[str, str], case: str
) -> None:
    """In lines; the row and the spec are gone again."""
    given, reason = REFUSED[case]
    spec = copy.folder / given[2]
    text = WRITTEN.get(spec.name, "")
    if text:
        spec.write_text(text, "utf-8")
    told = copy.aware("service", "new", *given, fails=True)
    assert reason in told
    assert "Traceback" not in told
    if text:
        assert spec.read_text("utf-8") == text
        spec.unlink()
    assert copy.texts() == before


def test_which_schema_is_stored_is_asked_where_it_is_not_plain(
    copy: Copy, before: dict[str, str]
) -> None:
    """Two are got by an id, or none; or what is got has no property that is plainly the id."""
    spec = copy.folder / "specs" / "tag.yaml"
    new = ("service", "new", "tag-service", "--spec", "specs/tag.yaml")
    spec.write_text(TAGS.replace("required: [name], properties: {name:", "properties: {title:"))
    assert "which property of Tag has the id is not plain to see (title, size): add" in copy.aware(
        *new, fails=True
    )
    spec.write_text(TAGS.replace("schemas/Tag'", "schemas/Other'").replace("/tags/{name}", "/tags"))
    replace_in(spec, "[{name: name, in: path, required: true, schema: {type: string}}]", "[]")
    assert "stores is not plain to see (nothing is got by an id): add `--schema" in copy.aware(
        *new, fails=True
    )
    copy.aware(*new, "--schema", "Other")
    assert "      other:\n        schema: Other\n        key: otherId\n" in (
        copy.folder / "services.yaml"
    ).read_text("utf-8")
    (copy.folder / "services.yaml").write_text(before["services.yaml"])
    copy.aware(*new, "--stores-nothing")
    assert "database" not in (copy.folder / "services.yaml").read_text("utf-8").partition("tag-")[2]


def test_a_service_whose_events_are_followed_stays(copy: Copy, before: dict[str, str]) -> None:
    """Its row is put back; one that is not there is told."""
    told = copy.aware("service", "remove", "user-service", fails=True)
    assert "nobody publishes UserContactsChanged" in told
    assert "has no service gone, but user-service, " in copy.aware(
        "service", "remove", "gone", fails=True
    )
    assert copy.texts() == before
    assert copy.folder != ROOT
