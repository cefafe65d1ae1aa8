"""Which function answers an operation, and whether it can: checked when a service starts."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from contract.answers.responder import Responder
from openapi.description import Description, Operation

Handler = Callable[..., Awaitable[object]]
"""Answers an operation; contract/answers/returned.py says with what."""


class HandlerMismatchError(Exception):
    """Handlers and spec do not agree; the message has a line for each difference."""


def bind_handlers(
    description: Description, module: ModuleType, dependencies: Mapping[str, Any]
) -> dict[str, Handler]:
    """The handler of every operation, by operationId, with its dependencies filled in.

    A handler is the coroutine function in `module` that the operationId names. What the contract
    gives it comes as ordinary parameters: `body`, where there is one, `content_type`, where it may
    be of several, and each parameter by its Python name. What the service gives it (a store, a
    policy) is keyword-only.

    Raises:
        HandlerMismatchError: A handler is missing, is no coroutine function, its parameters are
            not those of the operation, or it says that it returns None where that is no answer.
    """
    issues: list[str] = []
    handlers: dict[str, Handler] = {}
    for operation in description.operations:
        function = getattr(module, operation.id, None)
        issues += _differences(operation, function, dependencies.keys())
        issues += _wrong_answers(operation, function, description)
        if function is not None:
            wanted = _keyword_only(function)
            given = {name: value for name, value in dependencies.items() if name in wanted}
            handlers[operation.id] = partial(function, **given)
    if issues:
        raise HandlerMismatchError(
            "\n".join(f"{module.__name__}: {issue}" for issue in issues),
        )
    return handlers


def _keyword_only(function: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}


def _differences(operation: Operation, function: Any, dependencies: Iterable[str]) -> list[str]:  # noqa: ANN401
    what = f"{operation.id} ({operation})"
    if inspect.isasyncgenfunction(function):
        return [f"{what} yields its answer: return a generator that does"]
    if not inspect.iscoroutinefunction(function):
        return [f"{what} has no handler: write `async def {operation.id}(…)`"]
    parameters = inspect.signature(function).parameters.values()
    own = _keyword_only(function)
    asked = {each.name for each in parameters} - own
    sent = {each.python_name for each in operation.arguments}
    sent |= {*operation.body.arguments} if operation.body else set()
    return [
        *(f"{what} lacks the parameter `{name}`" for name in sorted(sent - asked)),
        *(f"{what} has a parameter `{name}`, the spec has none" for name in sorted(asked - sent)),
        *(f"{what} asks for `{name}`, nobody gives it" for name in sorted(own - {*dependencies})),
    ]


def _wrong_answers(operation: Operation, function: Any, description: Description) -> list[str]:  # noqa: ANN401
    """What can be known of an answer before there is one."""
    if getattr(function, "__annotations__", {}).get("return", ...) not in (None, "None"):
        return []
    if Responder(operation, description).may_be_none:
        return []
    what = f"{operation.id} ({operation})"
    return [f"{what} returns None, and the spec declares no success without a body"]
