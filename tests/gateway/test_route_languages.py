"""Templates that are right, too wide, too narrow and unreadable, beside small APIs."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gateway.authentication import Authentication
from gateway.configuration import Configuration, Route, Service, parse
from gateway.errors import ConfigurationError
from gateway.languages import UnreadableError, language, shortest
from gateway.render import render
from gateway.routes import disagreements
from gateway.settings import GatewaySettings
from openapi.description import Description
from openapi.reading import load_description

ID = "[A-Za-z0-9_-]+"
OWNER = "kong_thing_service"

SPECS: Mapping[str, Mapping[str, object]] = {
    "any": {"GET /things/{id}": {"type": "string"}},
    "narrow": {"GET /things/{id}": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}},
    "integer": {"GET /things/{id}": {"type": "integer", "minimum": 0}},
    "enum": {"GET /things/{id}": {"type": "string", "enum": ["small", "very-large"]}},
    "encoded": {"GET /things/{id}": {"type": "string", "pattern": "^[a-z ]+$"}},
    "loose": {"GET /things/{id}": {"type": "string", "pattern": "[a-z]+"}},
    "either": {"GET /things/{id}": {"type": "string", "pattern": "^a|b$"}},
    "uuid": {"GET /things/{id}": {"type": "string", "format": "uuid"}},
    "root": {"GET /": {}},
    "status": {"PUT /things/{id}/status": {"type": "string", "pattern": "^[a-z]+$"}},
    "two-methods": {"GET /things": {}, "POST /things": {}},
    "internal-neighbour": {"GET /things/{id}": {"type": "string"}, "x GET /things/special": {}},
    "internal-narrow": {
        "GET /things/{id}": {"type": "string", "pattern": "^[a-z]+$"},
        "x GET /things/special": {},
    },
    "internal-elsewhere": {
        "GET /things/{id}": {"type": "string"},
        "x DELETE /things/special": {},
    },
    "internal-template": {"GET /things/all": {}, "x GET /things/{id}": {"type": "string"}},
    "public-neighbours": {
        "GET /things/{id}": {"type": "string"},
        "GET /things/special": {},
        "GET /things/spec": {},
    },
    "kept-apart": {"GET /things/{id}": {"type": "integer"}, "x GET /things/special": {}},
    "deep": {
        "GET /things/{id}/{part}": {"type": "string"},
        "x GET /things/{id}/secret": {"type": "string"},
        "x GET /things/all/{part}": {"type": "string"},
        "GET /things/all/parts": {},
    },
    "file": {"GET /things/{id}.json": {"type": "string", "pattern": "^[a-z]+$"}},
    "escaped": {"GET /a%20b/c.d": {}},
}


def api(folder: Path, name: str) -> Description:
    """A small API: an operation by each `[x] METHOD PATH`, with the schema of its parameters."""
    paths: dict[str, dict[str, object]] = {}
    for key, schema in SPECS[name].items():
        *internal, method, path = key.split()
        names = re.findall(r"{(\w+)}", path)
        paths.setdefault(path, {})[method.lower()] = {
            "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),
            "parameters": [
                {"name": each, "in": "path", "required": True, "schema": schema} for each in names
            ],
            "responses": {"200": {"description": "It."}},
            **({"x-internal": True} if internal else {}),
        }
    spec = folder / "thing.yaml"
    info = {"title": "Things", "version": "1.0.0"}
    spec.write_text(yaml.safe_dump({"openapi": "3.1.0", "info": info, "paths": paths}))
    return load_description(spec)


def told(description: Description, *patterns: str, methods: str = "GET HEAD") -> tuple[str, ...]:
    """What is said of a gateway with one route, whose tags name the operations of widest path."""
    public = [each for each in description.operations if not each.internal]
    route = Route(
        name="thing_route",
        methods=tuple(methods.split()),
        patterns=tuple(f"^{each}$" for each in patterns),
        operations={
            each.method: each.id for each in sorted(public, key=lambda one: "{" in one.path)
        },
        authentication=Authentication.KEY,
    )
    return disagreements(only(route), {OWNER: description}, {})


def only(*routes: Route) -> Configuration:
    """The gateway, with these routes alone."""
    configuration = render(GatewaySettings(p_value=50), 50)[1]
    return replace(
        configuration, services=(replace(configuration.services[0], name=OWNER, routes=routes),)
    )


RIGHT = [
    ("any", "/things/[^/]+/?"),
    ("any", "/things/[^/?#]+/?"),
    ("any", "/things/(?<id>[^/]{1,}?)(/|)"),
    ("narrow", f"/things/{ID}/?"),
    ("narrow", "/things/[A-Za-z0-9_-]{1,64}/?"),
    ("narrow", r"/things/[\w-]+/?"),
    ("narrow", "/things/[^/]+/?"),
    ("integer", "/things/[0-9]+/?"),
    ("integer", r"/things/(0|[1-9]\d*)/?"),
    ("enum", "/things/(?:small|very-large)/?"),
    ("enum", "/things/[a-z-]+/?"),
    ("encoded", "/things/[^/]+/?"),
    ("loose", "/things/[^/]+/?"),
    ("either", "/things/[^/]+/?"),
    ("uuid", "/things/[0-9A-Fa-f-]{36}/?"),
    ("root", "/?"),
    ("root", "/"),
    ("status", "/things/[a-z]+/(?:status)/?"),
    ("internal-elsewhere", "/things/[^/]+/?"),
    ("internal-template", "/things/all/?"),
    ("kept-apart", "/things/-?[0-9]+/?"),
    ("file", r"/things/[a-z]+\.json/?"),
    ("escaped", r"/a%20b/c\.d/?"),
]

WRONG = [
    (
        "status",
        "/things/[a-z]+/(status|secret)/?",
        "takes PUT /things/x/secret, which no operation",
    ),
    ("status", "/things/[a-z]+/status(/.*)?", "takes PUT /things/x/status/x, which no operation"),
    ("status", "/.+", "takes PUT /x, which no operation has"),
    ("status", "/things/.+/status/?", "takes PUT /things///status, which no operation has"),
    ("status", "/things/[a-z]*/status/?", "takes PUT /things//status, which no operation has"),
    ("status", "/things/[a-z]+/statu.?/?", "takes PUT /things/x/statu, which no operation has"),
    ("status", "/things/[a-z]+/status.?", "takes PUT /things/x/statusx, which no operation has"),
    ("status", "/things/[a-z]+/status", "no route lets PUT /things/x/status/ through"),
    ("status", "/things/[a-z]+/status/", "no route lets PUT /things/x/status through"),
    ("status", "/things/[a-x]+/status/?", "no route lets PUT /things/y/status through"),
    ("status", "/Things/[a-z]+/status/?", "PUT /things/{id}/status has no route"),
    ("file", "/things/[a-z]+.json/?", "takes GET /things/xxjson, which no operation has"),
    ("any", f"/things/{ID}/?", "no route lets GET /things/~ through"),
    ("encoded", "/things/[a-z ]+/?", "no route lets GET /things/0 through"),
    ("loose", "/things/[a-z]+/?", "no route lets GET /things/0 through"),
    ("either", "/things/(a|b)/?", "no route lets GET /things/x through"),
    ("integer", "/things/[1-9][0-9]*/?", "no route lets GET /things/0 through"),
    ("enum", "/things/small/?", "no route lets GET /things/very-large through"),
    ("root", "/.?/?", "takes GET /x, which no operation has"),
    ("internal-neighbour", "/things/[^/]+/?", "GET /things/special is internal, but the route"),
    ("internal-narrow", "/things/[a-z]+/?", "lets it through, as GET /things/special"),
    ("internal-template", "/things/[a-z]+/?", "GET /things/{id} is internal, but the route"),
    ("public-neighbours", "/things/[^/]+/?", "takes GET /things/spec, which is get_things_spec's"),
]


@pytest.mark.parametrize(("name", "pattern"), RIGHT)
def test_a_route_between_what_is_valid_and_what_is_the_operations_own_is_right(
    tmp_path: Path, name: str, pattern: str
) -> None:
    """It may be as wide as a segment, and as narrow as the schema."""
    first = next(each.split() for each in SPECS[name] if not each.startswith("x "))
    methods = "GET HEAD" if first[0] == "GET" else first[0]
    assert told(api(tmp_path, name), pattern, methods=methods) == ()


@pytest.mark.parametrize(("name", "pattern", "message"), WRONG)
def test_a_route_that_is_wrong_is_told_with_a_path(
    tmp_path: Path, name: str, pattern: str, message: str
) -> None:
    """A shortest one that passes and should not, or the other way."""
    methods = "PUT" if name == "status" else "GET HEAD"
    found = told(api(tmp_path, name), pattern, methods=methods)
    assert any(message in each for each in found), found


def test_each_method_and_each_alternative_of_a_route_needs_an_operation(tmp_path: Path) -> None:
    """One path too many, one method too many."""
    two = api(tmp_path, "two-methods")
    assert told(two, "/things/?", methods="GET HEAD POST") == ()
    (message,) = told(two, "/things/?", methods="GET HEAD POST DELETE")
    assert "takes DELETE /things, which no operation has" in message
    (message,) = told(two, "/things/?", "/secrets/?", methods="GET HEAD POST")
    assert "takes GET /secrets, which no operation has" in message
    assert "takes POST /secrets, which no operation has" in message
    assert message.count("- '~/things/?$'") == 1


UNREADABLE = {
    "/things/(?=a)[^/]+/?": "(?=a",
    "/things/(?!a)[^/]+/?": "(?!a",
    "/things/(?<!a)[^/]+/?": "(?<!",
    "/(things)/\\1/?": "\\1/?",
    "/(?i)things/?": "(?i)",
    "/(?i:things)/?": "(?i:",
    "/things/[^/]++": "+",
    "/things\\b/?": "\\b/?",
    "/things/[[:alpha:]]+/?": "[[:a",
    "/things/[a-z&&[^x]]+/?": "[a-z",
    "/things/\\p{L}+/?": "\\p{L",
    "/things/(?>a+)/?": "(?>a",
    "/things/a{2000}/?": "{200",
    "/things/^a/?": "^a/?",
    "/things$|/?": "$|/?",
    "/things/[\\w-z]/?": "",
}


@pytest.mark.parametrize("pattern", UNREADABLE)
def test_what_cannot_be_compared_is_refused_with_its_line(tmp_path: Path, pattern: str) -> None:
    """Instead of being compared by chance."""
    (message,) = told(api(tmp_path, "any"), pattern)
    assert re.match(r"kong/kong\.yml\.template:\d+: the path of thing_route ", message)
    assert repr(UNREADABLE[pattern]) in message if UNREADABLE[pattern] else "compared" in message


def test_the_lines_for_each_api_let_through_what_it_publishes_and_nothing_else(
    tmp_path: Path,
) -> None:
    """None of the neighbours: what is told of no route at all, is all that is to be written."""
    for name in SPECS:
        description = api(tmp_path, name)
        (message,) = disagreements(replace(only(), services=services()), {OWNER: description}, {})
        written = yaml.safe_load(re.sub(r"\$\{(.*?)\}", r"\1", message.partition("\n\n")[2]))
        routes = [
            Route(
                name=each["name"],
                methods=tuple(each["methods"]),
                patterns=tuple(f"^{path[1:]}" for path in each["paths"]),
                operations=dict(tag.split("=") for tag in each["tags"]),
                authentication=Authentication.KEY,
            )
            for each in written[0]["routes"]
        ]
        assert disagreements(only(*routes), {OWNER: description}, {}) == (), name
        assert len({each.name for each in routes}) == len(routes)
        for each in routes:
            re.compile(each.patterns[0].replace("(?<", "(?P<"))


def services() -> tuple[Service, ...]:
    """One that has another name, so that the owner is unknown; it has no routes."""
    return (
        replace(render(GatewaySettings(p_value=50), 50)[1].services[0], name="kong_x", routes=()),
    )


def test_neighbours_that_only_a_schema_keeps_apart_are_told(tmp_path: Path) -> None:
    """No path of its own could be written; the lines say what to do in the spec."""
    description = api(tmp_path, "file")
    (own,) = description.operations
    wide = replace(own.parameters[0], schema={"type": "string"})
    internal = replace(own, internal=True)
    every = replace(own, path="/things/{id}", template="/things/{id}", id="all", parameters=(wide,))
    both = replace(description, operations=(internal, every))
    (message,) = disagreements(only(), {OWNER: both}, {})
    assert "GET /things/{id} has no route" in message
    assert "give its parameters a `pattern` that no neighbour's path matches" in message


def test_paths_that_two_services_have_are_told(tmp_path: Path) -> None:
    """The gateway could not tell whose they are."""
    description = api(tmp_path, "narrow")
    messages = disagreements(only(), {OWNER: description, "kong_other": description}, {})
    assert any("have paths in common" in each for each in messages)


def test_a_language_has_what_a_regular_expression_matches() -> None:
    """Compared with Python's own engine."""
    for pattern in ("/a(b|cd)*e?/?", r"/[^/.]+\.[a-c\]-]{2,3}", "/(?:x|[0-9-]){2}.", "/a*?b+?"):
        for text in ("/a", "/abcde/", "/x.a]", "/x.--", "/-0\u00e4", "/xx", "/ab", "/b", "/aabb/"):
            expected = re.fullmatch(pattern, text) is not None
            assert (text in language(pattern)) is expected, (pattern, text)
    assert shortest(language("/[^a-z]b") - language("/x.*")) == "/0b"
    with pytest.raises(UnreadableError):
        language("a++")


@pytest.mark.parametrize("line", ["hosts: [a.example]", "regex_priority: 1", "headers: {x: [y]}"])
def test_a_route_may_not_depend_on_what_is_not_compared(line: str) -> None:
    """A host, a header: each would let an operation through for some requests only."""
    text = render(GatewaySettings(p_value=50), 50)[0]
    assert parse(text)
    with pytest.raises(ConfigurationError, match=rf"routes\[0\]\.{line.partition(':')[0]} is not"):
        parse(text.replace("        strip_path:", f"        {line}\n        strip_path:", 1))
