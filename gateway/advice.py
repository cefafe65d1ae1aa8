"""What to write into kong.yml.template, so that what an API publishes passes and nothing else."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from contract.errors import PROBLEM_JSON
from gateway.authentication import Authentication
from gateway.configuration import Configuration, Route
from gateway.languages import common, language, within
from gateway.paths import REQUESTED, SEGMENT, Owned, escaped, templates, text_of
from openapi.description import JsonSchema, Operation
from openapi.names import identifier

Asked = Mapping[tuple[str, str], Authentication]
"""What callers have to be asked for, by an operation's method and path."""

_UNWRITABLE = "give its parameters a `pattern` that no neighbour's path matches"


def missing_service(
    configuration: Configuration,
    owner: str,
    public: Sequence[Owned],
    schemas: Mapping[str, JsonSchema],
    asked: Asked,
) -> str:
    """What to write for a service that the template does not know."""
    first = configuration.services[0]
    return (
        f"{owner} is not in kong/kong.yml.template. Under `services`, after the last one:\n\n"
        f"  - name: {owner}\n"
        f"    url: http://{owner.removeprefix('kong_')}_upstream\n"
        f"    connect_timeout: {first.connect_timeout}\n"
        f"    write_timeout: 30000\n"
        f"    read_timeout: {first.read_timeout}\n"
        f"    retries: {first.retries}\n"
        f"    routes:\n"
        f"{routes(owner, public, schemas, asked)}"
    )


def routes(
    owner: str, public: Iterable[Owned], schemas: Mapping[str, JsonSchema], asked: Asked
) -> str:
    """Routes for operations; those at one path that ask for the same have one."""
    alike: dict[tuple[str, Authentication], list[Operation]] = {}
    for each in public:
        asks = asked.get((each.operation.method, each.operation.path)) or Authentication.KEY
        alike.setdefault((pattern(each, schemas), asks), []).append(each.operation)
    return "\n".join(
        _route(owner, found, text, asks) if text else f"      # {found[0]}: {_UNWRITABLE}"
        for (text, asks), found in alike.items()
    )


def _route(owner: str, operations: Sequence[Operation], text: str, asks: Authentication) -> str:
    first = operations[0]
    words = [word for word in re.split(r"\W+", first.path) if word]
    name = "_".join((owner.removeprefix("kong_"), *words, first.method.lower()))
    return (
        f"      - name: {name}_route\n"
        f"        tags: [{tags({each.method: each.id for each in operations})}]\n"
        f"{paths(text)}\n"
        f"        methods: [{', '.join(m for each in operations for m in methods(each))}]\n"
        f"        strip_path: false\n"
        f"        preserve_host: true\n"
        f"{plugins(asks)}"
    )


def more_methods(route: Route, operation: Operation) -> str:
    """The lines of a route that is to take one more operation at its path."""
    every = ", ".join((*route.methods, *methods(operation)))
    return f"{tag_line(route, operation)}\n        methods: [{every}]"


def tag_line(route: Route, operation: Operation) -> str:
    """The line that names a route's operations, this one too."""
    return f"        tags: [{tags({**route.operations, operation.method: operation.id})}]"


def tags(operations: Mapping[str, str]) -> str:
    """Operations by method, as a route lists them."""
    return ", ".join(f"{method}={name}" for method, name in operations.items())


def paths(text: str) -> str:
    """The lines of a route's path."""
    return f"        paths:\n          - '~{text}$'"


def plugins(asks: Authentication) -> str:
    """The lines of what a route asks for."""
    return f"        plugins:\n          ${{{asks}.yaml}}"


def methods(operation: Operation) -> tuple[str, ...]:
    """The methods that an operation answers: whoever answers GET answers HEAD too."""
    return ("GET", "HEAD") if operation.method == "GET" else (operation.method,)


def pattern(own: Owned, schemas: Mapping[str, JsonSchema]) -> str:
    """A regular expression of an operation's paths, none of a neighbour's among them.

    Empty where a neighbour's can only be kept out by what the spec says of the parameters.
    """
    operation = own.operation
    by_name = {each.name: each for each in operation.parameters if each.location == "path"}
    literals, names = templates(operation.path)
    for with_others in (True, False) if _is_refused_otherwise(operation) else (False,):
        written = escaped(literals[0])
        for name, literal in zip(names, literals[1:], strict=True):
            text = SEGMENT if with_others else text_of(by_name.get(name), schemas)
            written += f"(?<{identifier(name)}>{text}){escaped(literal)}"
        if _is_own(f"{written}/?", own):
            return f"{written}/?"
    split = [each.path.rstrip("/").split("/") for each in (operation, *own.neighbours)]
    beside = _beside(split[0], split[1:])
    return f"{beside}/?" if beside is not None and _is_own(f"{beside}/?", own) else ""


def _is_refused_otherwise(operation: Operation) -> bool:
    """Whether the spec says 404 in another form than the gateway: then the service has to."""
    answer = operation.response(HTTPStatus.NOT_FOUND)
    return answer is not None and PROBLEM_JSON not in answer.content


def _is_own(text: str, own: Owned) -> bool:
    """Whether a regular expression matches paths of an operation alone."""
    return within(common(language(text), language(REQUESTED)), own.paths)


def _beside(segments: Sequence[str], neighbours: Sequence[Sequence[str]]) -> str | None:
    """The rest of a path, segment by segment, where it is not one of the neighbours'.

    None where all is theirs. A neighbour that is a parameter here has every segment.
    """
    if not segments:
        return None if neighbours else ""
    (head, *rest), ahead = segments, "/" if segments[0] else ""
    if "{" not in head:
        tail = _beside(rest, [each[1:] for each in neighbours])
        return None if tail is None else f"{ahead}{escaped(head)}{tail}"
    any_value = [each[1:] for each in neighbours if "{" in each[0]]
    words = sorted({each[0] for each in neighbours if "{" not in each[0]})
    found = [(_all_but(words) if words else SEGMENT, _beside(rest, any_value))]
    for word in words:
        own = [each[1:] for each in neighbours if each[0] == word]
        found.append((escaped(word), _beside(rest, [*any_value, *own])))
    ways = [f"{ahead}{value}{tail}" for value, tail in found if tail is not None]
    return f"(?:{'|'.join(ways)})" if len(ways) > 1 else next(iter(ways), None)


def _all_but(words: Iterable[str]) -> str:
    """A segment that is none of these words."""
    return f"(?:{'|'.join(_ways({*words}))})"


def _ways(words: set[str]) -> Iterator[str]:
    """How a text that is not empty goes on, so that it is none of these words."""
    firsts = sorted({each[:1] for each in words} - {""})
    yield f"[^/{''.join(map(_in_class, firsts))}][^/]*" if firsts else SEGMENT
    for first in firsts:
        rest = {each[1:] for each in words if each.startswith(first)}
        further = "|".join(_ways(rest - {""}))
        yield f"{escaped(first)}(?:{further}){'' if '' in rest else '?'}"


def _in_class(character: str) -> str:
    return f"\\{character}" if character in "]^[\\-" else character
