"""Does each handler take what its operation gives, and return what it declares?

Written so that the type check can say.
"""

from generate.formatting import docstring, formatted
from generate.parameters import parameters
from generate.returns import imports, returned
from generate.sources import Sources
from openapi.description import Description, Operation
from openapi.names import class_names

_PATH = "handlers/signatures.py"
_HEAD = '''"""Generated from specs/. What operations give their handlers, and what these may return.

The type check compares. Whatever else a handler takes, its service gives it. Nothing imports this
at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
'''


def signatures(sources: Sources) -> dict[str, str]:
    """`handlers/signatures.py`: a Protocol for each operation, its handler assigned to it."""
    used, names, protocols, handlers = [], set[str](), [], []
    classes = class_names(
        f"{name}_{each.id}"
        for name, description in sources.apis.items()
        for each in description.operations
    )
    for service, description in sources.services():
        api, module = service.api, service.handlers.removeprefix("handlers.")
        named = f" as {module}_handlers" if module in sources.apis else ""
        used += [f"from handlers import {module}{named}", f"from models import {api}"]
        module = f"{module}_handlers" if named else module
        for each in description.operations:
            name = f"{api}_{each.id}"
            result = returned(description, each, api)
            names |= result.names
            names |= {name for one in parameters(description, each) for name in one.names}
            protocols.append(_protocol(description, each, result.written, api, classes[name]))
            handlers.append(f"{name}: {classes[name]} = {module}.{each.id}")
    used += imports(names - {"Any"})
    parts = (_HEAD, "if TYPE_CHECKING:", *_indented(used), *protocols, "if TYPE_CHECKING:")
    text = "\n".join((*parts, *_indented(handlers), ""))
    return {_PATH: formatted(text, _PATH, sources.root)}


def _protocol(
    description: Description, operation: Operation, result: str, models: str, name: str
) -> str:
    given = "".join(f"{each.written(models)}, " for each in parameters(description, operation))
    return (
        f"class {name}(Protocol):\n"
        f"    {docstring(f'{operation}.')}\n\n"
        f"    async def __call__(self, {given}*_: Any, **__: Any) -> {result}: ...\n"
    )


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
