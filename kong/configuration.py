"""kong.yml as read back: checked, and in the terms of this package.

Knows the part of Kong's declarative format that the template uses, and refuses the rest by name, so
that a stand-in never silently leaves out what Kong would do.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from kong.errors import ConfigurationError

_PROBLEM = re.compile(r'\[(\d{3})\] = \{"([a-z-]+)", "([^"]+)", "([^"]+)"\}')
_SPLIT = re.compile(
    r'local split = \{\s*service = "(\w+)", percent = (\d+),'
    r'\s*first = "(\w+)", rest = "(\w+)",\s*\}'
)
_BACKUP = "backup"


@dataclass(frozen=True)
class Target:
    """A `host:port` of an upstream, and its share relative to the others'.

    The host is an address, or a name with any number of them. A `backup` gets requests when no
    other target of its upstream can, and none at all where its weight is 0.
    """

    address: str
    weight: int
    backup: bool = False


@dataclass(frozen=True)
class HealthCheck:
    """When a target is taken out and let in again.

    Active: GET `path` every `interval` seconds, `timeout` seconds each; `statuses` are good;
    `rise` good ones in a row let it in, `fall` bad ones take it out. Passive: `failures`
    connections in a row that could not be made take it out.
    """

    path: str
    statuses: tuple[int, ...]
    interval: int
    timeout: int
    rise: int
    fall: int
    failures: int


@dataclass(frozen=True)
class Upstream:
    """A named set of targets."""

    name: str
    targets: tuple[Target, ...]
    health: HealthCheck


@dataclass(frozen=True)
class Route:
    """Requests whose method is one of `methods` and whose whole path `pattern` matches."""

    name: str
    methods: tuple[str, ...]
    patterns: tuple[str, ...]

    def matches(self, method: str, path: str) -> bool:
        """Whether the route takes this request."""
        return method in self.methods and any(
            re.search(_python(pattern), path) for pattern in self.patterns
        )


@dataclass(frozen=True)
class Service:
    """What the requests of its routes are sent to, with timeouts in milliseconds."""

    name: str
    upstream: str
    routes: tuple[Route, ...]
    connect_timeout: int
    read_timeout: int
    retries: int


@dataclass(frozen=True)
class Split:
    """`percent` of the requests to `service` go to the upstream `first`, all others to `rest`."""

    service: str
    percent: int
    first: str
    rest: str


@dataclass(frozen=True)
class Problem:
    """An error of the gateway's own: problem+json's type, title, status and detail."""

    status: int
    kind: str
    title: str
    detail: str

    def body(self) -> str:
        """The JSON text, exactly as Kong sends it."""
        document = {
            "type": f"urn:aware:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return json.dumps(document, separators=(",", ":"))


@dataclass(frozen=True)
class Configuration:
    """Everything kong.yml says. Without `keys` everybody may call; sizes are bytes."""

    upstreams: tuple[Upstream, ...]
    services: tuple[Service, ...]
    split: Split
    keys: tuple[str, ...]
    key_header: str
    request_id_header: str
    request_size_limit: int
    requests_per_minute: int
    problems: tuple[Problem, ...]

    def upstream(self, name: str) -> Upstream:
        """The upstream `name`; KeyError where there is none."""
        return {upstream.name: upstream for upstream in self.upstreams}[name]


def parse(text: str) -> Configuration:
    """Read a rendered kong.yml; raises ConfigurationError, naming the field that is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"kong.yml is not YAML: {error}") from error
    root = _Field(document, "kong.yml")
    if root["_format_version"].text() != "3.0":
        raise ConfigurationError("kong.yml._format_version must be 3.0")
    _refuse_unknown_routes(root)
    plugins = {plugin["name"].text(): plugin for plugin in root["plugins"]}
    functions = _plugin(plugins, "post-function")["config"]
    configuration = Configuration(
        upstreams=tuple(_upstream(field) for field in root["upstreams"]),
        services=tuple(_service(field) for field in root["services"]),
        split=split_of(functions["access"][0].text(), functions["access"][0].path),
        keys=_keys(root, _plugin(plugins, "key-auth")),
        key_header=_plugin(plugins, "key-auth")["config"]["key_names"][0].text(),
        request_id_header=_plugin(plugins, "correlation-id")["config"]["header_name"].text(),
        request_size_limit=_size_limit(_plugin(plugins, "request-size-limiting")["config"]),
        requests_per_minute=_plugin(plugins, "rate-limiting")["config"]["minute"].whole(1),
        problems=_problems(functions["body_filter"][0]),
    )
    _check_references(configuration)
    return configuration


def split_of(function: str, place: str) -> Split:
    """The table of the split in the function's text; raises ConfigurationError with `place`."""
    found = _SPLIT.search(function)
    if found is None or int(found[2]) > 100:  # noqa: PLR2004 - percent
        raise ConfigurationError(f"{place} must hold the table of the split, with a percentage")
    return Split(found[1], int(found[2]), found[3], found[4])


class _Field:
    """A value of the document with the path that leads to it, for messages."""

    def __init__(self, value: Any, path: str) -> None:  # noqa: ANN401 - YAML holds anything
        self._value, self.path = value, path

    def __getitem__(self, key: str | int) -> "_Field":
        if not self._is(dict if isinstance(key, str) else list):
            raise self.error(f"must be a {'mapping' if isinstance(key, str) else 'list'}")
        try:
            return _Field(self._value[key], f"{self.path}.{key}")
        except (KeyError, IndexError):
            raise ConfigurationError(f"{self.path}.{key} is missing") from None

    def __iter__(self) -> Iterator["_Field"]:
        if not isinstance(self._value, list):
            raise self.error("must be a list")
        return (_Field(value, f"{self.path}[{i}]") for i, value in enumerate(self._value))

    def _is(self, kind: type) -> bool:
        return isinstance(self._value, kind)

    def error(self, message: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path} {message}, not {self._value!r}")

    def text(self) -> str:
        if not isinstance(self._value, str) or not self._value:
            raise self.error("must be text")
        return self._value

    def get(self, key: str, default: object) -> "_Field":
        return (
            self[key]
            if isinstance(self._value, dict) and key in self._value
            else _Field(default, f"{self.path}.{key}")
        )

    def whole(self, lowest: int = 0) -> int:
        if not isinstance(self._value, int) or isinstance(self._value, bool):
            raise self.error("must be a whole number")
        if self._value < lowest:
            raise self.error(f"must be at least {lowest}")
        return self._value

    def flag(self) -> bool:
        if not isinstance(self._value, bool):
            raise self.error("must be true or false")
        return self._value

    def must_be(self, *allowed: object) -> None:
        if self._value not in allowed:
            raise self.error(f"must be {' or '.join(map(str, allowed))}")


def _upstream(field: _Field) -> Upstream:
    targets = tuple(
        Target(
            target["target"].text(),
            target["weight"].whole(),
            _BACKUP in [tag.text() for tag in target.get("tags", [])],
        )
        for target in field["targets"]
    )
    field.get("algorithm", "round-robin").must_be("round-robin", "least-connections")
    return Upstream(field["name"].text(), targets, _health(field["healthchecks"]))


def _health(field: _Field) -> HealthCheck:
    active, passive = field["active"], field["passive"]
    active["type"].must_be("http")
    passive["unhealthy"]["http_failures"].must_be(0)
    return HealthCheck(
        path=active["http_path"].text(),
        statuses=tuple(status.whole(100) for status in active["healthy"]["http_statuses"]),
        interval=active["healthy"]["interval"].whole(1),
        timeout=active["timeout"].whole(1),
        rise=active["healthy"]["successes"].whole(1),
        fall=active["unhealthy"]["tcp_failures"].whole(1),
        failures=passive["unhealthy"]["tcp_failures"].whole(1),
    )


def _service(field: _Field) -> Service:
    url = field["url"].text()
    if not url.startswith("http://"):
        raise field["url"].error("must be http://UPSTREAM")
    return Service(
        name=field["name"].text(),
        upstream=url.removeprefix("http://"),
        routes=tuple(_route(route) for route in field["routes"]),
        connect_timeout=field["connect_timeout"].whole(1),
        read_timeout=field["read_timeout"].whole(1),
        retries=field["retries"].whole(),
    )


def _route(field: _Field) -> Route:
    field["strip_path"].must_be(False)  # noqa: FBT003 - a value of the file
    field["preserve_host"].must_be(True)  # noqa: FBT003
    return Route(
        name=field["name"].text(),
        methods=tuple(method.text() for method in field["methods"]),
        patterns=tuple(_pattern(path) for path in field["paths"]),
    )


def _pattern(field: _Field) -> str:
    """The path as a regular expression anchored at both ends (PCRE)."""
    path = field.text()
    if not path.startswith("~/") or not path.endswith("$"):
        raise field.error("must be a regular expression: ~/…$")
    if "'" in path:
        raise field.error("must not have a quotation mark")
    try:
        re.compile(_python(path[1:]))
    except re.error as error:
        raise field.error(f"must be a regular expression ({error})") from error
    return "^" + path[1:]


def _python(pattern: str) -> str:
    return pattern.replace("(?<", "(?P<").removesuffix("$") + r"\Z"


def _refuse_unknown_routes(root: _Field) -> None:
    """The one route without a service is the gateway's own 404."""
    for route in root["routes"]:
        plugin = route["plugins"][0]
        plugin["name"].must_be("request-termination")
        plugin["config"]["status_code"].must_be(404)


def _plugin(plugins: Mapping[str, _Field], name: str) -> _Field:
    try:
        return plugins[name]
    except KeyError:
        raise ConfigurationError(f"kong.yml.plugins has no {name}") from None


def _keys(root: _Field, plugin: _Field) -> tuple[str, ...]:
    plugin["config"]["hide_credentials"].must_be(True)  # noqa: FBT003
    if not plugin["enabled"].flag():
        return ()
    return tuple(
        credential["key"].text()
        for consumer in root["consumers"]
        for credential in consumer["keyauth_credentials"]
    )


def _size_limit(config: _Field) -> int:
    config["size_unit"].must_be("bytes")
    return config["allowed_payload_size"].whole(1)


def _problems(field: _Field) -> tuple[Problem, ...]:
    found = _PROBLEM.findall(field.text())
    if not found:
        raise field.error("must hold the table of problems")
    return tuple(Problem(int(status), kind, title, detail) for status, kind, title, detail in found)


def _check_references(configuration: Configuration) -> None:
    names = [upstream.name for upstream in configuration.upstreams]
    split = configuration.split
    named = [(service.name, service.upstream) for service in configuration.services]
    for name, upstream in (*named, ("the split", split.first), ("the split", split.rest)):
        if upstream not in names:
            raise ConfigurationError(
                f"kong.yml: {name} names the upstream {upstream!r}, "
                f"which is not one of {', '.join(names)}"
            )
    if split.service not in [service.name for service in configuration.services]:
        raise ConfigurationError(f"kong.yml splits the unknown service {split.service!r}")
    _refuse_twice("upstreams", names)
    _refuse_twice("routes", [r.name for s in configuration.services for r in s.routes])


def _refuse_twice(field: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"kong.yml.{field} has {name!r} twice")
