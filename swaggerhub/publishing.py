"""What to do so that the registry has the APIs under their version, published and the default."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from generate.published import published_document
from openapi.bundle import Document
from services.reading import read
from swaggerhub.command_line import CommandLine
from swaggerhub.registry import Held, Registry
from swaggerhub.settings import SwaggerHubError

_NAMED = 5
"""So many differences are named."""


class Step(Enum):
    """What an API needs; the value is how it is told."""

    CREATE = "created, published and made the default"
    """The registry does not have this version."""
    UPDATE = "brought up to date, published and made the default"
    """It has it as a draft with another content."""
    PUBLISH = "published"
    """It has it as a draft."""
    SET_DEFAULT = "made the default"
    """Another version is the default."""


@dataclass(frozen=True)
class Plan:
    """The steps for one API, none where the registry is as it should be.

    `api` is `NAME/VERSION` in the registry.
    """

    api: str
    document: Document
    steps: tuple[Step, ...]

    def told(self, *, done: bool) -> str:
        """One line: the API, and what was done to it, or would be unless `done`."""
        if not self.steps:
            return f"{self.api}: unchanged"
        words = " and ".join(step.value for step in self.steps)
        return f"{self.api}: {words}" if done else f"{self.api}: would be {words}"


def plan(root: Path, registry: Registry) -> list[Plan]:
    """Compare the APIs that have clients with the registry; changes nothing.

    Raises:
        SwaggerHubError: The registry cannot be asked, or has published a version with another
            content than the specs have.
    """
    plans = []
    for service in read(root).with_clients:
        document = published_document(service.spec)
        api = f"{service.clients}/{document['info']['version']}"
        held = registry.held(*api.split("/"))
        try:
            plans.append(Plan(api, document, _steps(document, held)))
        except _PublishedOtherwiseError as error:
            raise SwaggerHubError(
                f"{api} is published with another content ({error}), and stays as it is: raise "
                f"info.version in {service.spec.relative_to(root)}"
            ) from error
    return plans


def carry_out(
    plans: list[Plan],
    command_line: CommandLine,
    folder: Path,
    visibility: str,
    tell: Callable[[Plan], None],
) -> None:
    """Take the steps of each plan, and `tell` of it when they are taken.

    What fails half way is completed by the next time: every step says how it should be.

    Args:
        plans: Those of `plan`.
        command_line: What takes them.
        folder: An existing folder for the documents that are sent.
        visibility: `private` or `public`: who sees a version that is created.
        tell: Called after each plan.

    Raises:
        SwaggerHubError: A step failed.
    """
    for each in plans:
        file = write_document(each, folder)
        for step in each.steps:
            _take(step, each.api, file, visibility, command_line)
        tell(each)


def write_document(plan: Plan, folder: Path) -> Path:
    """Write what is sent into a file named after the API."""
    file = folder / f"{plan.api.partition('/')[0]}.json"
    file.write_text(json.dumps(plan.document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return file


def _take(step: Step, api: str, file: Path, visibility: str, command_line: CommandLine) -> None:
    finished = ("--published=publish", "--setdefault")
    match step:
        case Step.CREATE:
            command_line.run(
                "api:create", api, f"--file={file}", f"--visibility={visibility}", *finished
            )
        case Step.UPDATE:
            command_line.run("api:update", api, f"--file={file}", *finished)
        case Step.PUBLISH:
            command_line.run("api:publish", api)
        case Step.SET_DEFAULT:
            command_line.run("api:setdefault", api)


class _PublishedOtherwiseError(Exception):
    """The message is what differs."""


def _steps(document: Document, held: Held | None) -> tuple[Step, ...]:
    if held is None:
        return (Step.CREATE,)
    different = list(_differences(held.document, document))
    if different and held.published:
        more = f" and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
        raise _PublishedOtherwiseError(", ".join(different[:_NAMED]) + more)
    if different:
        return (Step.UPDATE,)
    publish = () if held.published else (Step.PUBLISH,)
    return publish if held.default else (*publish, Step.SET_DEFAULT)


def _differences(there: Any, here: Any, place: str = "#") -> Iterator[str]:  # noqa: ANN401
    """JSON pointers to where two documents differ."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in dict.fromkeys([*there, *here]):
            below = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in there and name in here:
                yield from _differences(there[name], here[name], below)
            else:
                yield below
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for number, (one, other) in enumerate(zip(there, here, strict=True)):
            yield from _differences(one, other, f"{place}/{number}")
    elif there != here or type(there) is not type(here):
        yield place
