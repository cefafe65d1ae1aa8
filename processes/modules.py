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
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            why = "is not there: services.yaml names it, so write it"
            raise ModuleImportError(f"{name.replace('.', '/')}.py: {why}") from error
        raise ModuleImportError(reason(error)) from error


def reason(error: Exception) -> str:
    """An error in a line, which begins with where it came to pass."""
    told = f"{type(error).__name__}: {error}".partition("\n")[0]
    if isinstance(error, SyntaxError) and error.filename:
        told = f"{type(error).__name__}: {error.msg}"
        return f"{shown(Path(error.filename))}:{error.lineno}: {told}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_file() and Path(frame.filename) != Path(__file__)
    ]
    ours = [each for each in frames if _is_ours(Path(each.filename))] or frames
    return f"{shown(Path(ours[-1].filename))}:{ours[-1].lineno}: {told}" if ours else told


def _is_ours(file: Path) -> bool:
    return file.is_relative_to(ROOT) and "site-packages" not in file.parts
