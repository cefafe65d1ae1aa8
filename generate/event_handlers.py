"""A handler for each event that a service follows, in the module of its row: stubs at first."""

from collections.abc import Iterator

from generate.formatting import docstring, formatted
from generate.sources import Sources
from generate.stubs import RAISED, end_of_imports, functions, is_stub, parse
from openapi.description import Description
from openapi.names import snake_case
from services.declaration import Service

_MAX_CHARACTERS = 90
"""Of the first line of a docstring."""


def event_handlers(sources: Sources) -> dict[str, str]:
    """The modules as they are, with a stub more for each event without a handler."""
    events = sources.events
    if events is None:
        return {}
    return {
        service.follower_file: _with_stubs(sources, service, events)
        for service in sources.declared
        if service.follower_file
    }


def event_orphans(sources: Sources) -> Iterator[str]:
    """The handlers of events that are not followed any more."""
    for service in sources.declared:
        known = {snake_case(each) for each in _followed(service)}
        for function in functions(parse(sources.root / service.follower_file)) if known else ():
            if not function.name.startswith("_") and function.name not in known:
                where = f"{service.follower_file}:{function.lineno}"
                yield f"{where}: {function.name} handles no event that {service.name} follows"


def unwritten_event_handlers(sources: Sources) -> Iterator[str]:
    """The events whose handlers are still stubs."""
    for service in sources.declared:
        events = {snake_case(each): each for each in _followed(service)}
        for function in functions(parse(sources.root / service.follower_file)) if events else ():
            if function.name in events and is_stub(function):
                where = f"{service.follower_file}:{function.lineno}"
                yield f"{where}: {function.name} ({events[function.name]}) is not written yet"


def _followed(service: Service) -> tuple[str, ...]:
    return () if service.follows is None or not service.follower_file else service.follows.events


def _with_stubs(sources: Sources, service: Service, events: Description) -> str:
    path = service.follower_file
    file = sources.root / path
    text = file.read_text("utf-8") if file.exists() else f'"""What {service.name} follows."""\n'
    tree = parse(file)
    there = {each.name for each in functions(tree)}
    new = [each for each in _followed(service) if snake_case(each) not in there]
    if not new:
        return text
    lines, top = text.splitlines(), end_of_imports(tree)
    module = "" if sources.declared.events is None else sources.declared.events.stem
    models = ", ".join(sorted(events.class_names[each] for each in new))
    imports = [
        f"from contract.errors import {RAISED}",
        f"from models.{module.replace('-', '_')} import {models}",
    ]
    stubs = [_stub(each, events) for each in new]
    return formatted(
        "\n".join([*lines[:top], *imports, *lines[top:], *stubs]) + "\n", path, sources.root
    )


def _stub(event: str, events: Description) -> str:
    name = snake_case(event)
    said = " ".join(str(events.schemas[event].get("description", "")).split())
    first = said.partition(". ")[0].rstrip(".")
    what = f"{event}: {first[:1].lower()}{first[1:]}." if first else f"{event}."
    return (
        f"\n\nasync def {name}(event: {events.class_names[event]}) -> None:\n"
        f"    {docstring(what if len(what) <= _MAX_CHARACTERS else f'{event}.')}\n"
        f'    raise {RAISED}("{name} is not implemented yet.")\n'
    )
