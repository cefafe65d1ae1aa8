"""Which function handles an event, and whether it can: checked when a subscriber starts."""

import inspect
from collections.abc import Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from contract.handlers import HandlerMismatchError
from messaging.handling import EventHandler
from openapi.names import snake_case


def bind_event_handlers(
    module: ModuleType, events: Iterable[str], dependencies: Mapping[str, Any]
) -> dict[str, EventHandler]:
    """The handler of every event, by its name, with its dependencies filled in.

    It is the coroutine function in `module` that the event names: `user_created` for UserCreated.
    The body of the event is its one ordinary parameter, `event`; what it needs of the service is
    keyword-only.

    Raises:
        HandlerMismatchError: A handler is missing, or asks for what nobody gives.
    """
    issues: list[str] = []
    handlers: dict[str, EventHandler] = {}
    for event in events:
        name = snake_case(event)
        function = getattr(module, name, None)
        if not inspect.iscoroutinefunction(function):
            issues.append(f"{event} has no handler: write `async def {name}(event, …)`")
            continue
        parameters = inspect.signature(function).parameters.values()
        wanted = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
        if [each.name for each in parameters if each.name not in wanted] != ["event"]:
            issues.append(f"{name} takes the event alone: write `async def {name}(event, *, …)`")
        known = ", ".join(dependencies) or "nothing"
        issues += [
            f"{name} asks for `{each}`, nobody gives it: there is {known}"
            for each in wanted
            if each not in dependencies
        ]
        given = {each: dependencies[each] for each in wanted if each in dependencies}
        handlers[event] = partial(function, **given)
    if issues:
        raise HandlerMismatchError("\n".join(f"{module.__name__}: {each}" for each in issues))
    return handlers
