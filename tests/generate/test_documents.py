"""What others read: JSON schemas, AsyncAPI, the Insomnia collection, the pages."""

import html.parser
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from generate.asyncapi import PATH as ASYNCAPI
from generate.gates import events
from generate.insomnia import PATH as INSOMNIA
from generate.pages import POLICY, build_pages
from generate.sources import Sources
from local.examples import requests
from messaging.topology import EXCHANGE, Topology
from openapi.names import snake_case
from services.reading import declared
from tests.generate.copying import ROOT

SCHEMAS = [each.name.removesuffix("_schema.json") for each in ROOT.glob("schemas/*_schema.json")]
PAGES = ["events.html", *(f"{each.api}.html" for each in declared())]
GATEWAY = "http://127.0.0.1:8000"
SERVERS = ("https://api.example.com", "https://staging.example.com/aware")


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}_schema.json").read_text())
    return schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_draft_07_and_stands_alone(name: str) -> None:
    """No reference, nothing that only OpenAPI knows."""
    schema = _schema(name)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)
    keys = set(_keys(schema))
    assert keys.isdisjoint({"$ref", "nullable", "example", "discriminator", "x-unique-as"})


def _keys(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON is anything
    if isinstance(node, dict):
        yield from node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _keys(each)


@pytest.mark.parametrize(
    ("name", "fields", "required"),
    [
        (
            "user",
            "userId firstName lastName emails deliveryAddress phoneNumber createdAt updatedAt",
            "userId emails deliveryAddress",
        ),
        (
            "order",
            "orderId userId items userEmails deliveryAddress orderStatus createdAt updatedAt",
            "orderId items userEmails deliveryAddress orderStatus",
        ),
    ],
)
def test_the_papers_fields_are_there(name: str, fields: str, required: str) -> None:
    """All of them; what the paper demands is demanded."""
    schema = _schema(name)
    assert {*fields.split()} <= schema["properties"].keys()
    assert {*required.split()} <= {*schema["required"]}
    if name == "user":
        assert schema["properties"]["phoneNumber"]["pattern"] == "^[0-9]{10,15}$"


@pytest.mark.parametrize(
    ("api", "example", "broken"),
    [
        ("user", "User", {"emails": ["a@example.com", 3]}),
        ("user", "User", {"phoneNumber": "12"}),
        ("order", "Order", {"orderStatus": "lost"}),
        ("order", "Order", {"items": [{"itemId": "a", "quantity": 0, "price": 1}]}),
    ],
)
def test_a_schema_takes_the_specs_example_and_refuses_a_broken_one(
    sources: Sources, api: str, example: str, broken: dict[str, Any]
) -> None:
    """So it is no schema that takes everything."""
    value = sources.apis[api].document["components"]["examples"][example]["value"]
    validator = Draft7Validator(_schema(api))
    validator.validate(value)
    assert not validator.is_valid(value | broken)


def test_asyncapi_names_what_the_processes_declare() -> None:
    """Exchange, queue, routing key and type are the topology's, the payload is the spec's."""
    document = yaml.safe_load((ROOT / ASYNCAPI).read_text("utf-8"))
    queue = Topology("user_updates").updates
    exchange, taken = (
        document["channels"][name] for name in ("order-consumer-exchange", "order-consumer-queue")
    )
    assert document["asyncapi"].startswith("3.")
    assert exchange["bindings"]["amqp"]["exchange"]["name"] == EXCHANGE == queue.exchange
    assert exchange["address"] == queue.address.routing_key
    assert taken["bindings"]["amqp"]["queue"]["name"] == queue.name
    for name in declared().published:
        schema = _schema(snake_case(name))
        payload = document["components"]["messages"][name]["payload"]
        assert {**payload, "$schema": schema["$schema"]} == schema


def test_asyncapis_own_parser_accepts_the_document(sources: Sources) -> None:
    """It knows the bindings of AMQP too."""
    assert [*events(sources)] == []


PUBLISHED = "publishUserContactsChangedToOrderConsumer"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "action: send",
            "action: sned",
            "operations.publishUserContactsChangedToOrderConsumer.action",
        ),
        ("is: queue", "is: heap", "channels.order-consumer-queue.bindings.amqp.is"),
        (
            "$ref: '#/channels/order-consumer-queue'",
            "$ref: '#/channels/pile'",
            "operations.receive",
        ),
    ],
)
def test_it_refuses_a_broken_one_and_says_where(
    sources: Sources, tmp_path: Path, old: str, new: str, place: str
) -> None:
    """`file:line: place: what`."""
    (tmp_path / "generate").mkdir()
    (tmp_path / "schemas").mkdir()
    shutil.copy2(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copy2(ROOT / "generate" / "asyncapi.mjs", tmp_path / "generate")
    text = (ROOT / ASYNCAPI).read_text("utf-8")
    assert old in text
    (tmp_path / ASYNCAPI).write_text(text.replace(old, new, 1), "utf-8")
    complaints = [*events(replace(sources, root=tmp_path))]
    assert complaints
    assert all(re.match(r"schemas/asyncapi\.yaml:\d+: ", each) for each in complaints)
    assert any(f": {place}" in each for each in complaints)


@pytest.fixture(scope="module")
def insomnia() -> dict[str, Any]:
    """The collection."""
    collection: dict[str, Any] = json.loads((ROOT / INSOMNIA).read_text("utf-8"))
    return collection


def test_the_collection_is_one_that_insomnia_imports(insomnia: dict[str, Any]) -> None:
    """Export format 4: a workspace, and everything else below it, each with an id of its own."""
    assert (insomnia["_type"], insomnia["__export_format"]) == ("export", 4)
    resources = {each["_id"]: each for each in insomnia["resources"]}
    assert len(resources) == len(insomnia["resources"])
    parents = {
        "workspace": None,
        "environment": "workspace",
        "request_group": "workspace",
        "request": "request_group",
    }
    for each in resources.values():
        parent = each["parentId"] and resources[each["parentId"]]["_type"]
        assert parent == parents[each["_type"]]
        prefix = {"workspace": "wrk", "environment": "env", "request_group": "fld"}
        assert each["_id"].startswith(prefix.get(each["_type"], "req") + "_")


def test_the_collection_has_every_published_request(
    insomnia: dict[str, Any], sources: Sources
) -> None:
    """And none that is internal."""
    sent = {each["_id"] for each in insomnia["resources"] if each["_type"] == "request"}
    published = {
        f"req_{api}_{each.id}"
        for api, description in sources.apis.items()
        for each in description.operations
        if not each.internal
    }
    assert sent == published


def test_requests_are_sent_as_make_up_prints_them(
    insomnia: dict[str, Any],
) -> None:
    """Method, address and body, with the environment filled in; with the key in its header."""
    (environment,) = (each for each in insomnia["resources"] if each["_type"] == "environment")
    assert environment["data"] == {"base_url": GATEWAY, "api_key": ""}
    collection = [each for each in insomnia["resources"] if each["_type"] == "request"]
    assert all(
        {"name": "apikey", "value": "{{ _.api_key }}"} in each["headers"] for each in collection
    )
    asked = [_asked(each) for each in collection]
    printed = [_printed(each) for each in requests(GATEWAY)]
    assert printed
    assert [each for each in printed if each not in asked] == []


def _asked(request: dict[str, Any]) -> tuple[str, str, Any]:
    url = request["url"].replace("{{ _.base_url }}", GATEWAY)
    query = [each for each in request["parameters"] if not each["disabled"]]
    if query:
        pairs = (f"{each['name']}={each['value']}" for each in query)
        url += "?" + "&".join(pairs).replace(" ", "%20")
    return request["method"], url, json.loads(request["body"].get("text", "null"))


def _printed(command: str) -> tuple[str, str, Any]:
    words = shlex.split(command)
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
    return method, next(word for word in words if word.startswith("http")), body


@pytest.fixture(scope="module")
def pages(sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built in a folder of their own."""
    root = tmp_path_factory.mktemp("pages")
    shutil.copy2(ROOT / "package-lock.json", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    built = build_pages(replace(sources, root=root), SERVERS)
    names = [each.name for each in built]
    assert names == sorted({"index.html", *PAGES})
    return root / built[0].parent


def test_the_pages_show_what_is_published_and_nothing_internal(
    pages: Path, sources: Sources
) -> None:
    """Every operation by its id, but those for the services' own network."""
    for name, description in sources.apis.items():
        text = (pages / f"{name}.html").read_text("utf-8")
        for operation in description.operations:
            assert (f'"{operation.id}"' in text) is not operation.internal
    assert "UserContactsChanged" in (pages / "events.html").read_text("utf-8")


@pytest.mark.parametrize("page", [f"{each.api}.html" for each in declared()])
def test_a_page_names_the_servers_that_it_was_told_and_no_other(pages: Path, page: str) -> None:
    """Not the place where the spec itself is served."""
    named = json.dumps([{"url": each} for each in SERVERS], separators=(",", ":"))
    text = (pages / page).read_text("utf-8")
    assert f'"servers":{named}' in text
    assert "Where this document is served" not in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_lets_a_browser_load_nothing_from_anywhere(pages: Path, page: str) -> None:
    """Its policy stands before anything that could load, and allows no address at all."""
    reader = _Reader()
    reader.feed((pages / page).read_text("utf-8"))
    assert reader.tags[:3] == ["html", "head", "meta"]
    assert reader.policies == [POLICY]
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "connect-src" not in POLICY  # so that the default holds
    assert reader.loaded == []


class _Reader(html.parser.HTMLParser):
    """Reads tags in their order, policies, and what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.policies: list[str | None] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one."""
        self.tags.append(tag)
        values = dict(attrs)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(values["content"])
        address = values.get("src") or (values.get("href") if tag == "link" else None)
        if address and not address.startswith("data:"):
            self.loaded.append(address)


def test_the_index_leads_to_each_page(pages: Path) -> None:
    """With the version of each API."""
    text = (pages / "index.html").read_text("utf-8")
    linked = set(re.findall(r'href="(\S+)"', text))
    assert linked == {*PAGES}
    assert "Order Service 1.0.0" in text
