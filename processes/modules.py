"""Modules that `services.yaml` names: imported when a process starts, and told plainly if wrong."""

import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType

from openapi.files import shown

ROOT = Path(__file__).parent.parent


class ModuleImportError(Exception):
    """A module cannot be imported; the message begins with the file and the line of the reason."""


def imported(name: str) -> ModuleType:
    """The module of that name, such as `handlers.orders`; raises ModuleImportError."""
    try:
        return import_module(name)
    except Exception as error:
        raise ModuleImportError(_reason(error, name)) from error


def _reason(error: Exception, name: str) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        return f"{name.replace('.', '/')}.py: is not there: services.yaml names it, so write it"
    told = f"{type(error).__name__}: {error}".partition("\n")[0]
    if isinstance(error, SyntaxError) and error.filename:
        told = f"{type(error).__name__}: {error.msg}"
        return f"{shown(Path(error.filename))}:{error.lineno}: {told}"
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT)
        and Path(frame.filename) != Path(__file__)
        and "site-packages" not in Path(frame.filename).parts
    ]
    where = f"{shown(Path(ours[-1].filename))}:{ours[-1].lineno}" if ours else name
    return f"{where}: {told}"
