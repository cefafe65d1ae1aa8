"""A handler for each operation that has none yet, in the module of its API's handlers.

That of a plain operation of a resource is whole; that of any other is a stub.

A stub raises NotImplementedYet and does no more: whoever calls it is answered 501, and `make check`
names it for as long as it is one.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from generate.formatting import docstring, formatted
from generate.parameters import parameters
from generate.resource import Plain, plain
from generate.returns import Returned, imports, value_of
from generate.sources import Sources
from openapi.description import Description, Operation
from openapi.errors import InvalidDocumentError
from services.declaration import Service

_MAX_CHARACTERS = 100
"""Of a line."""

RAISED = "NotImplementedYet"
"""By which a stub is known for one."""


def stubs(sources: Sources) -> dict[str, str]:
    """`handlers/NAME.py` as they are, with a stub more for each operation without a handler.

    A stub stands behind the handler of the operation before it in the spec.

    Raises:
        InvalidDocumentError: A module is no Python.
    """
    return {
        service.handlers_file: _with_stubs(sources.root, service, description)
        for service, description in sources.services()
    }


def orphans(sources: Sources) -> Iterator[str]:
    """The handlers that answer no operation any more."""
    for service, description in sources.services():
        known = {each.id for each in description.operations}
        for function in functions(parse(sources.root / service.handlers_file)):
            if not function.name.startswith("_") and function.name not in known:
                where = f"{service.handlers_file}:{function.lineno}"
                yield f"{where}: {function.name} answers no operation"


def unwritten(sources: Sources) -> Iterator[str]:
    """The operations whose handlers are still stubs."""
    for service, description in sources.services():
        operations = {each.id: each for each in description.operations}
        for function in functions(parse(sources.root / service.handlers_file)):
            if function.name in operations and is_stub(function):
                where = f"{service.handlers_file}:{function.lineno}"
                yield f"{where}: {function.name} ({operations[function.name]}) is not written yet"


def is_stub(function: ast.AsyncFunctionDef) -> bool:
    """Whether the first thing that a handler does is to raise what stubs raise."""
    body = [each for each in function.body if not _is_text(each)]
    raised = body[0].exc if body and isinstance(body[0], ast.Raise) else None
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == RAISED


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _with_stubs(root: Path, service: Service, description: Description) -> str:
    api, file = service.api, root / service.handlers_file
    text = file.read_text("utf-8") if file.exists() else f'"""The operations of the {api} API."""\n'
    tree = parse(file)
    behind = {each.name: each.end_lineno or 0 for each in functions(tree)}
    written = plain(service, description)
    lines, at = text.splitlines(), len(text.splitlines())
    inserted: dict[int, list[str]] = {}
    models: set[str] = set()
    names: set[str] = set()
    new = [each for each in description.operations if each.id not in behind]
    plain_ones = [written[each.id] for each in new if each.id in written]
    for operation in new:
        if operation.id in written:
            result = Returned("", frozenset(), frozenset())
        else:
            result = value_of(description, operation)
        for each in parameters(description, operation):
            models |= {*each.models}
            names |= each.names
        models |= result.models
        names |= result.names
    if not new:
        return text
    more = sorted({line for each in plain_ones for line in each.imports})
    also = {line.rpartition(" ")[2] for line in more}
    _require_free(description, tree, models | names | also | {RAISED}, service.handlers_file)
    needed = [f"from models.{api} import {name}" for name in sorted(models)]
    module = ""
    if models & (also | _imported(tree, beside=f"models.{api}")):
        module = f"{api}_models"
        needed = [f"from models import {api} as {module}"]
    for operation in description.operations:
        if operation.id in behind:
            at = behind[operation.id]
        else:
            stub = _stub(description, operation, module, written.get(operation.id))
            inserted.setdefault(at, []).append(stub)
    top = end_of_imports(tree)
    needed += more
    if len(plain_ones) < len(new):
        needed.append(f"from contract.errors import {RAISED}")
    needed += imports(names)
    inserted.setdefault(top, [])[:0] = needed
    for number in sorted(inserted, reverse=True):
        lines[number:number] = inserted[number]
    return formatted("\n".join(lines) + "\n", service.handlers_file, root)


def _require_free(
    description: Description, tree: ast.Module, imported: set[str], path: str
) -> None:
    """Raise where a handler that is still to be written would hide what its module uses."""
    written = {each.name for each in functions(tree)}
    used = imported | _imported(tree)
    for operation in description.operations:
        if operation.id in used and operation.id not in written:
            place = description.place(operation.pointer)
            raise InvalidDocumentError(
                f"{place}: the handler of {operation} would be `{operation.id}`, which {path} uses "
                "for something else: give it another operationId"
            )


def _imported(tree: ast.Module, *, beside: str | None = None) -> set[str]:
    """The names that a module imports, but for those of the module `beside`."""
    return {
        each.asname or each.name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        if beside is None or not (isinstance(node, ast.ImportFrom) and node.module == beside)
        for each in node.names
    }


def _stub(
    description: Description, operation: Operation, module: str, written: Plain | None
) -> str:
    """The stub, or the handler that is `written` for it.

    `module` is where models are to be looked for, empty where they are imported.
    """
    given = ", ".join(each.written(module) for each in parameters(description, operation))
    what, summary = str(operation), " ".join(operation.summary.split()).rstrip(".")
    first = f"{what}: {summary[:1].lower()}{summary[1:]}." if summary else f"{what}."
    if len(first) > _MAX_CHARACTERS - len('    """"""'):
        first = f"{what}."
    if written is not None:
        takes = ", ".join(filter(None, (given, written.takes)))
        body = "".join(f"    {line}\n" for line in written.lines)
        head = f"\n\nasync def {operation.id}({takes}) -> {written.result}:\n"
        return f"{head}    {docstring(first)}\n{body}"
    result = value_of(description, operation, module).written
    return (
        f"\n\nasync def {operation.id}({given}) -> {result}:\n"
        f"    {docstring(first)}\n"
        f'    raise {RAISED}("{operation.id} is not implemented yet.")\n'
    )


def functions(tree: ast.Module) -> list[ast.AsyncFunctionDef]:
    """The coroutine functions of a module."""
    return [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]


def end_of_imports(tree: ast.Module) -> int:
    """How many lines the docstring and the imports of a module take."""
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    last = (imports or tree.body[:1])[-1]
    return last.end_lineno or 0


def parse(file: Path) -> ast.Module:
    """A module of handlers, empty where there is no file; raises InvalidDocumentError."""
    try:
        return ast.parse(file.read_text("utf-8") if file.exists() else '"""Handlers."""\n')
    except SyntaxError as error:
        name = f"{file.parent.name}/{file.name}"
        raise InvalidDocumentError(f"{name}:{error.lineno}: {error.msg}") from error
