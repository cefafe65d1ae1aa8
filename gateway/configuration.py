"""kong.yml as read back: checked, and in the terms of this package.

Knows the part of Kong's declarative format that the template uses, and refuses the rest by name, so
that a stand-in never silently leaves out what Kong would do.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from gateway.authentication import Authentication, asked_by, key_auth_of_unknown
from gateway.consumers import Consumer, consumers_with_keys, failures_per_minute
from gateway.errors import ConfigurationError
from gateway.splits import SplitNames, name_of, splits
from gateway.targets import Upstream, read_upstream
from gateway.yaml_fields import Field


@dataclass(frozen=True)
class Route:
    """Requests whose method is one of `methods` and whose whole path `pattern` matches.

    `operations` are the operationIds by method, for the access log; `authentication` is what
    callers are asked for.
    """

    name: str
    methods: tuple[str, ...]
    patterns: tuple[str, ...]
    operations: Mapping[str, str]
    authentication: Authentication

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
    """`percent` of the requests to a service go to its first version, all others to the other.

    `names` say which service that is, and which upstreams.
    """

    names: SplitNames
    percent: int

    @property
    def service(self) -> str:
        """Whose requests are split."""
        return self.names.service

    @property
    def variable(self) -> str:
        """What HAProxy's variable with the percentage is called, and its counter."""
        return name_of(self.names.name)

    @property
    def first(self) -> str:
        """The upstream of the first version."""
        return next(iter(self.names.versions.values()))

    @property
    def rest(self) -> str:
        """The upstream of the other one."""
        return [*self.names.versions.values()][-1]


@dataclass(frozen=True)
class Configuration:
    """Everything kong.yml says. Sizes are bytes.

    Where not `asks`, nobody is asked for anything. `failures_per_minute` are answered with what was
    missing, by address; those beyond are too many.
    """

    upstreams: tuple[Upstream, ...]
    services: tuple[Service, ...]
    splits: tuple[Split, ...]
    asks: bool
    consumers: tuple[Consumer, ...]
    key_headers: tuple[str, ...]
    failures_per_minute: int
    request_id_header: str
    request_size_limit: int
    requests_per_second: int
    requests_per_minute: int

    def upstream(self, name: str) -> Upstream:
        """The upstream `name`; KeyError where there is none."""
        return {upstream.name: upstream for upstream in self.upstreams}[name]


def parse(text: str) -> Configuration:
    """Read a rendered kong.yml; raises ConfigurationError, naming the field that is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"kong.yml is not YAML: {error}") from error
    root = Field(document, "kong.yml")
    if root["_format_version"].text() != "3.0":
        raise ConfigurationError("kong.yml._format_version must be 3.0")
    asking = key_auth_of_unknown(root)
    asks = asking["enabled"].flag()
    plugins = {plugin["name"].text(): plugin for plugin in root["plugins"]}
    upstreams = {field["name"].text(): read_upstream(field) for field in root["upstreams"]}
    services = tuple(_service(field, asks=asks) for field in root["services"])
    size = _plugin(plugins, "request-size-limiting")["config"]
    size["size_unit"].must_be("bytes")
    rate = _plugin(plugins, "rate-limiting")["config"]
    configuration = Configuration(
        upstreams=tuple(upstreams.values()),
        services=services,
        splits=tuple(_split(each, upstreams, services) for each in splits()),
        asks=asks,
        consumers=tuple(consumers_with_keys(root)),
        key_headers=tuple(name.text() for name in asking["config"]["key_names"]),
        failures_per_minute=failures_per_minute(root),
        request_id_header=_plugin(plugins, "correlation-id")["config"]["header_name"].text(),
        request_size_limit=size["allowed_payload_size"].whole(1),
        requests_per_second=rate["second"].whole(1),
        requests_per_minute=rate["minute"].whole(1),
    )
    _check_references(configuration)
    return configuration


def _service(field: Field, *, asks: bool) -> Service:
    url = field["url"].text()
    if not url.startswith("http://"):
        raise field["url"].error("must be http://UPSTREAM")
    return Service(
        name=field["name"].text(),
        upstream=url.removeprefix("http://"),
        routes=tuple(_route(route, asks=asks) for route in field["routes"]),
        connect_timeout=field["connect_timeout"].whole(1),
        read_timeout=field["read_timeout"].whole(1),
        retries=field["retries"].whole(),
    )


def _route(field: Field, *, asks: bool) -> Route:
    # What else Kong has, `hosts` for one, would narrow or widen it unseen.
    field.must_have_only(
        *("name", "tags", "paths", "methods", "strip_path", "preserve_host", "plugins")
    )
    field["strip_path"].must_be(False)  # noqa: FBT003 - a value of the file
    field["preserve_host"].must_be(True)  # noqa: FBT003
    methods = tuple(method.text() for method in field["methods"])
    if ("GET" in methods) != ("HEAD" in methods):
        raise field["methods"].error("must have GET and HEAD together")
    return Route(
        name=field["name"].text(),
        methods=methods,
        patterns=tuple(_pattern(path) for path in field["paths"]),
        operations=dict(_operation(tag) for tag in field["tags"]),
        authentication=asked_by(field["plugins"], field, asks=asks),
    )


def _operation(field: Field) -> tuple[str, str]:
    method, equals, name = field.text().partition("=")
    if not equals or not name:
        raise field.error("must be METHOD=operationId")
    return method, name


def _pattern(field: Field) -> str:
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


def _plugin(plugins: Mapping[str, Field], name: str) -> Field:
    try:
        return plugins[name]
    except KeyError:
        raise ConfigurationError(f"kong.yml.plugins has no {name}") from None


def _split(
    names: SplitNames, upstreams: Mapping[str, Upstream], services: Sequence[Service]
) -> Split:
    """What the weights of a split say."""
    for name in (names.upstream, *names.versions.values()):
        if name not in upstreams:
            raise ConfigurationError(f"kong.yml.upstreams has no {name}")
    weights = {target.version: target.weight for target in upstreams[names.upstream].targets}
    if weights.keys() != names.versions.keys() or sum(weights.values()) != 100:  # noqa: PLR2004 - percent
        raise ConfigurationError(
            f"kong.yml: the targets of {names.upstream} must be tagged "
            f"{' and '.join(names.versions)}, with weights that add up to 100"
        )
    if names.upstream not in {each.upstream for each in services if each.name == names.service}:
        raise ConfigurationError(
            f"kong.yml.services must have {names.service}, with the url http://{names.upstream}"
        )
    return Split(names, weights[names.first])


def _check_references(configuration: Configuration) -> None:
    names = [upstream.name for upstream in configuration.upstreams]
    for service in configuration.services:
        if service.upstream not in names:
            raise ConfigurationError(
                f"kong.yml: {service.name} names the upstream {service.upstream!r}, "
                f"which is not one of {', '.join(names)}"
            )
    routes = [route.name for service in configuration.services for route in service.routes]
    for kind, listed in (("upstreams", names), ("routes", routes)):
        for name in listed:
            if listed.count(name) > 1:
                raise ConfigurationError(f"kong.yml.{kind} has {name!r} twice")
