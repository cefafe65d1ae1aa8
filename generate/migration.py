"""Behind the split a client of the user API meets both builds in turn: what may differ, what not.

The published contract is a promise for either build: what it lets clients send, both accept; what
it says they may get, is all that they get. So no build may break a client of it.
"""

from collections.abc import Iterator
from pathlib import Path

from generate.compatibility import breaking_changes
from generate.published import published, published_document
from openapi.bundle import Document
from openapi.reading import load_description


def build_contracts(root: Path) -> dict[str, Document]:
    """What each build of the user service answers by, as clients may see it.

    v1 is the published contract itself; every other build lays a file of its own over it, which is
    the statement of what it adds.

    Raises:
        InvalidDocumentError: A spec or a statement cannot be read.
    """
    specs = root / "specs"
    contracts = {"v1": published_document(root, "user")}
    for statement in sorted(specs.glob("user-*.yaml")):
        build = statement.stem.removeprefix("user-")
        contracts[build] = published(load_description(specs / "user.yaml", statement))
    return contracts


def departures(root: Path) -> Iterator[str]:
    """Where a build leaves the published contract of the user API, a line each.

    Raises:
        InvalidDocumentError: A spec or a statement cannot be read.
        NodeError: The tool that compares cannot be run.
    """
    promised = published_document(root, "user")
    for build, contract in build_contracts(root).items():
        for line in breaking_changes(root, promised, contract):
            yield f"{build} leaves the published contract of the user API: {line}"
