"""Behind a split a client meets both versions of a service in turn: what may differ, what not.

The published contract is a promise for either version: what it lets clients send, both accept; what
it says they may get, is all that they get. So no version may break a client of it.
"""

from collections.abc import Iterator

from generate.compatibility import breaking_changes
from generate.published import published, published_document
from openapi.bundle import Document
from openapi.reading import load_description
from services.declaration import Service, System


def build_contracts(service: Service) -> dict[str, Document]:
    """What each version of a service answers by, as clients may see it, by the version's name.

    One without an overlay answers by the published contract itself; an overlay is the statement of
    what its version adds.

    Raises:
        InvalidDocumentError: The spec or an overlay cannot be read.
    """
    return {
        each.name: published(load_description(service.spec, *each.overlays))
        for each in service.versions
    }


def contract_violations(system: System) -> Iterator[str]:
    """Where a version of a service leaves the service's published contract, a line each.

    Raises:
        InvalidDocumentError: A spec or an overlay cannot be read.
        NodeError: The tool that compares cannot be run.
    """
    for service in (each for each in system if each.split):
        promised = published_document(service.spec)
        for version, contract in build_contracts(service).items():
            for line in breaking_changes(system.root, promised, contract):
                yield f"{version} leaves the published contract of the {service.name}: {line}"
