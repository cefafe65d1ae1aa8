"""A service of many random descriptions at once, for gunicorn.

`RANDOM_CASES` names a file with the cases, as `write` makes it. A handler that is given something
else than what is to be sent answers 500, and says what.
"""

import json
import os
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse

from contract.application import Api
from contract.bindable import load_api
from contract.binding import bind
from contract.service import Service
from openapi.description import Operation
from tests.openapi.random.cases import Case
from tests.openapi.random.judging import arrived
from tests.openapi.random.service import recorded

VERSION = "3.1.1"
"""Of the description: how an array in a path is parted differs even from 3.1.0."""


def write(cases: list[Case], folder: Path) -> list[Case]:
    """Put cases into a folder, all in one description; gives them as they are to be asked there."""
    paths = {}
    placed = []
    for number, case in enumerate(cases):
        [item] = case.plain["paths"].values()
        [(method, operation)] = item.items()
        path = f"/case-{number}{case.path}"
        paths[path] = {method: operation | {"operationId": f"operate_{number}"}}
        trial = case.trials[0]
        request = replace(trial.request, path=_without_base(case, number))
        placed.append(replace(case, trials=[replace(trial, request=request)]))
    document = {"openapi": VERSION, "info": {"title": "Many", "version": "1"}, "paths": paths}
    (folder / "spec.json").write_text(json.dumps(document))
    (folder / "cases").write_bytes(pickle.dumps(placed))
    return placed


def _without_base(case: Case, number: int) -> str:
    base = case.trials[0].request.path.removeprefix(case.base)
    return f"/case-{number}{base}"


async def _handle(case: Case, operation: Operation, **arguments: object) -> object:
    [trial] = case.trials
    given = {name: recorded(each) for name, each in arguments.items()}
    if wrong := arrived(case, trial, operation, given):
        return JSONResponse({"wrong": repr(wrong)}, 500)
    return trial.answer.returned()


def application() -> Service:
    """The service."""
    folder = Path(os.environ["RANDOM_CASES"])
    cases: list[Case] = pickle.loads((folder / "cases").read_bytes())  # noqa: S301 - our own
    description = load_api(folder / "spec.json")
    handlers = {
        each.id: partial(_handle, case, each)
        for case, each in zip(cases, description.operations, strict=True)
    }
    api = Api(bind(description, handlers), description, "test", lambda _: None, lambda *_: None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield

    async def ready() -> bool:
        return True

    return Service(
        api,
        description,
        ready=ready,
        metrics=lambda: (b"", "text/plain"),
        lifespan=lifespan,
    )
