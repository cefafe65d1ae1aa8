"""What must hold before specs, and what is made from them, may go into the main branch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.render import render
from gateway.routes import disagreements
from gateway.settings import GatewaySettings
from gateway.splits import kong_service
from generate.artefacts import ARTEFACTS
from generate.asyncapi import PATH as ASYNCAPI
from generate.event_handlers import unwritten_event_handlers
from generate.examples import broken_links, misfits, missing
from generate.lint import lint
from generate.migration import contract_violations
from generate.node import NodeError, node_script, run_tool
from generate.release import ReleaseError, standings
from generate.security import asked_of, unenforced
from generate.sources import Sources
from generate.stored import unmigrated
from generate.stubs import unwritten
from generate.validators import refused
from generate.writing import State, compare, orphans
from openapi.errors import InvalidDocumentError
from storage.evolution.errors import MigrationError
from storage.sample_data import samples

Complaints = Callable[[Sources], Iterator[str]]
"""Yields a line, or a few, for each thing that does not hold; nothing where all does.

May raise InvalidDocumentError, and NodeError where a tool cannot be run.
"""


@dataclass(frozen=True)
class Gate:
    """`name` says what holds when there are no complaints."""

    name: str
    complaints: Complaints


def stale(sources: Sources) -> Iterator[str]:
    """What `make generate` would write or remove, and what it would leave to a person."""
    for outcome in compare(sources, ARTEFACTS):
        if outcome.state is State.STALE:
            yield f"{outcome.path} is stale: run `make generate`"
        elif outcome.state is State.SURPLUS:
            yield f"{outcome.path} is made from nothing any more: run `make generate`"
    for orphan in orphans(sources, ARTEFACTS):
        yield f"{orphan}: take it out"


def handlers(sources: Sources) -> Iterator[str]:
    """The handlers of operations and events that are still stubs."""
    yield from unwritten(sources)
    yield from unwritten_event_handlers(sources)


def routes(sources: Sources) -> Iterator[str]:
    """Where the gateway's routes and the specs disagree, with what to write."""
    configuration = render(GatewaySettings(p_value=50), 50)[1]
    published = {kong_service(each): api for each, api in sources.services()}
    yield from disagreements(configuration, published, asked_of(sources))


def sample_data(sources: Sources) -> Iterator[str]:
    """What the specs require of the paper's users and orders and nobody can make."""
    try:
        [*samples(sources.declared, lambda service: sources.apis[service.api])]
    except InvalidDocumentError as error:
        yield str(error)


def events(sources: Sources) -> Iterator[str]:
    """What AsyncAPI's own parser finds wrong with the document of the events."""
    if sources.events is None:
        return
    script = node_script(sources.root, "generate/asyncapi.mjs", ASYNCAPI)
    done = run_tool(script, sources.root)
    if done.returncode:
        raise NodeError(f"generate/asyncapi.mjs failed: {done.stderr.strip()}")
    yield from done.stdout.splitlines()


def released(sources: Sources) -> Iterator[str]:
    """What would break clients of the last release, where the version does not say so."""
    for standing in standings(sources.root):
        try:
            standing.require_allowed()
        except ReleaseError as error:
            yield str(error)


def builds(sources: Sources) -> Iterator[str]:
    """What would break clients of a published API when they meet one of its service's versions."""
    yield from contract_violations(sources.declared)


def migrated(sources: Sources) -> Iterator[str]:
    """Where documents of the last release may not fit the specs, and no migration changes them."""
    try:
        yield from unmigrated(sources)
    except MigrationError as error:
        yield str(error)


GATES = (
    Gate("everything that is made from the specs is up to date", stale),
    Gate("every operation has a handler that is written", handlers),
    Gate("the specs keep the rules of specs/redocly.yaml", lint),
    Gate("every example fits its schema", misfits),
    Gate("every request has an example, or one can be made of its schema", missing),
    Gate("the sample data can be made for the specs", sample_data),
    Gate("MongoDB takes every validator, with its patterns", refused),
    Gate("every link leads to an operation", broken_links),
    Gate("somebody enforces whatever security the specs ask for", unenforced),
    Gate("the gateway's routes agree with the specs", routes),
    Gate("nothing breaks clients of the last release unannounced", released),
    Gate("what is stored by the last release fits, or a migration makes it fit", migrated),
    Gate("no version of a service leaves its published contract", builds),
    Gate("the AsyncAPI document is valid", events),
)
