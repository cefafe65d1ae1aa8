"""What schemathesis cannot know from a spec: which addresses, moments, ids and cursors exist.

FUZZ_FOLDER, where it is set, is a folder in which runs leave for each other the ids that they
made, and for the tests how the cases of each operation ended.
"""

import json
import os
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext, Response
from schemathesis.generation.meta import TestPhase

from contract.formats import CHECKS
from models.fields.user import User
from openapi.reading import load_description
from services.reading import declared
from storage.sample_data import samples

SEED = {
    row.name: [str(each[row.key]) for each in values]
    for _, row, values in samples(declared(), lambda service: load_description(service.spec))
}
"""The ids that a system has from its start."""

KEYS = {each.name: each.key for service in declared() for each in service.collections}
"""The property with an id, by the first part of a path, which is called like the collection."""


def _moments() -> st.SearchStrategy[str]:
    """RFC 3339 date-times that a database can hold."""
    earliest, latest = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - st wants them so
    moments = st.datetimes(earliest, latest, timezones=st.just(UTC))
    return moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))


# In lower case, so that no two are spellings of one address.
schemathesis.openapi.format("email", st.emails().map(str.lower).filter(CHECKS["email"]))
schemathesis.openapi.format("date-time", _moments())

_CHANCE = random.SystemRandom()  # Hypothesis sets the seed of the others

_SHARE_OF_NEW = 0.75
"""So many get addresses and keys that are new; the others may meet what is there."""


class Ids:
    """Ids of what there is: the seed's and those that runs made, shared through a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known = {kind: [*ids] for kind, ids in SEED.items()}
        for kind in {*self._known, *KEYS}:
            if folder is not None and (folder / kind).exists():
                self._known.setdefault(kind, []).extend((folder / kind).read_text().split())

    def any(self, kind: str) -> str:
        """One of them."""
        return _CHANCE.choice(self._known.get(kind) or ["none-yet"])

    def forget(self, kind: str, gone: str) -> None:
        """Do not give out one that was deleted."""
        self._known[kind] = [each for each in self._known.get(kind, ()) if each != gone]

    def add(self, kind: str, new: str) -> None:
        """Remember one that was made."""
        self._known.setdefault(kind, []).append(new)
        if self._folder is not None:
            with (self._folder / kind).open("a") as file:
                file.write(f"{new}\n")


class Outcomes:
    """Counts how positive cases ended, by operation, and leaves that in a file."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._counts: dict[str, Counter[str]] = {}

    def add(self, operation: str, status: int) -> None:
        """Take note of one answer."""
        self._counts.setdefault(operation, Counter())[f"{status // 100}xx"] += 1
        if self._file is not None:
            self._file.write_text(json.dumps(self._counts))


_FOLDER = Path(os.environ["FUZZ_FOLDER"]) if "FUZZ_FOLDER" in os.environ else None
_ids = Ids(_FOLDER)
_outcomes = Outcomes(_FOLDER / f"outcomes.{os.getpid()}.json" if _FOLDER else None)


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], **_: Any) -> None:  # noqa: ANN401
    """Let cases that are meant to succeed meet things that exist."""
    if not _is_positive(case):
        return
    _give_conditions_that_hold(case)
    if "cursor" in case.query:
        _give_real_cursor(case)
    if isinstance(case.body, dict) and _CHANCE.random() < _SHARE_OF_NEW:
        case.body = _renewed(case.body)
    if case.meta is None or case.meta.phase.name is TestPhase.STATEFUL:
        return
    if name := _id_parameter(case):
        case.path_parameters[name] = _ids.any(_kind(case))
    if isinstance(case.body, dict) and User.userId in case.body:
        case.body[User.userId] = _ids.any("users")


@schemathesis.hook
def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember what was made and what was deleted, and count."""
    if response.status_code == httpx.codes.CREATED:
        kind = _kind(case)
        if kind in KEYS:
            _ids.add(kind, response.json()[KEYS[kind]])
    name = _id_parameter(case)
    if name and case.method == "DELETE" and response.status_code == httpx.codes.NO_CONTENT:
        _ids.forget(_kind(case), case.path_parameters[name])
    if _is_positive(case):
        _outcomes.add(case.operation.label, response.status_code)


def _kind(case: Case[Any]) -> str:
    return case.path.split("/")[1]


def _id_parameter(case: Case[Any]) -> str:
    """The name of the parameter behind that of a collection; empty where there is none."""
    _, kind, *rest = case.path.split("/")
    name = rest[0].strip("{}") if kind in KEYS and rest else ""
    return name if name in case.path_parameters else ""


def _renewed(body: dict[str, Any]) -> dict[str, Any]:
    """A body of a user, with addresses that nobody has yet."""
    emails = body.get(User.emails)
    return body | {User.emails: [_new(str(each)) for each in emails]} if emails else body


def _new(address: str) -> str:
    """An address like this one that nobody has yet, where its length allows."""
    new = f"{uuid4().hex[:8]}{address}"
    return new if CHECKS["email"](new) else address


def _give_conditions_that_hold(case: Case[Any]) -> None:
    """Most requests have a key of their own, and demand a state that there is."""
    for name, one in (("Idempotency-Key", str(uuid4())), ("If-Match", "*")):
        if name in case.headers and _CHANCE.random() < _SHARE_OF_NEW:
            case.headers[name] = one


def _is_positive(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _give_real_cursor(case: Case[Any]) -> None:
    """Put the cursor of a second page of one there, or none where there is no second page."""
    del case.query["cursor"]
    query = {"status": case.query["status"]} if "status" in case.query else {}
    url = f"{case.operation.base_url}{case.path}"
    page = httpx.get(url, params=query | {"limit": "1"})
    if page.is_success and "next" in page.links:
        case.query["cursor"] = httpx.URL(page.links["next"]["url"]).params["cursor"]
