"""What the gateway has to ask for, by the `security` of the specs, and what nobody enforces."""

import json
from collections.abc import Container, Iterator, Mapping

from gateway.authentication import Authentication
from generate.sources import Sources
from openapi.description import Description, Operation
from openapi.errors import Violation
from openapi.pointers import at, pointer_of
from openapi.security import ApiKey, Http, SecurityScheme
from services.declaration import Service

KEYS = "kong/apikey.yaml"
HEADER = "apikey"
_KEYS = """key_in_header: true
key_in_query: false
key_in_body: false
hide_credentials: true
"""


def enforced(scheme: SecurityScheme) -> Authentication | None:
    """How the gateway enforces a scheme: by a key or by a token. None where it does not."""
    match scheme:
        case ApiKey(location="header"):
            return Authentication.KEY
        case Http(scheme="bearer", bearer_format=str(form)) if form.upper() == "JWT":
            return Authentication.TOKEN
    return None


def asked(
    operation: Operation,
    schemes: Mapping[str, SecurityScheme],
    elsewhere: Container[str],
    *,
    anonymous: bool,
) -> Authentication:
    """What the gateway has to ask for, so that an operation is reached by whom its spec lets.

    Args:
        operation: Its `security` has alternatives; one that another one includes adds nothing.
        schemes: All of the spec, by name.
        elsewhere: The names of the schemes that somebody else enforces: nothing is asked for them.
        anonymous: Whether an alternative without a scheme lets strangers in. Otherwise it says no
            more than that a gateway without keys, on somebody's own machine, asks for none.
    """
    stated = [each for each in operation.security if each or anonymous] or operation.security
    alternatives = {
        frozenset(enforced(schemes[name]) for name in each if name not in elsewhere)
        for each in stated
    }
    key, token = frozenset({Authentication.KEY}), frozenset({Authentication.TOKEN})
    if not alternatives or frozenset() in alternatives:
        return Authentication.OPEN
    if {key, token} <= alternatives:
        return Authentication.KEY_OR_TOKEN
    if key in alternatives:
        return Authentication.KEY
    return Authentication.TOKEN if token in alternatives else Authentication.KEY_AND_TOKEN


def asked_of(sources: Sources) -> dict[tuple[str, str], Authentication]:
    """What the gateway has to ask for, by method and path of every public operation."""
    return {
        (each.method, each.path): asked(
            each,
            description.security_schemes,
            service.enforced_elsewhere,
            anonymous=service.anonymous,
        )
        for service, description, each in _public(sources)
    }


def unenforced(sources: Sources) -> Iterator[str]:
    """What the specs ask for and nobody enforces; declarations that are about nothing."""
    places: dict[str, dict[str, None]] = {}
    for service, description, each in _public(sources):
        for pointer, reason in _unenforced(service, description, each):
            places.setdefault(reason, {})[description.place(pointer)] = None
    for reason, (first, *others) in places.items():
        lines = "".join(f", {each.rpartition(':')[2]}" for each in others)
        yield f"{first}{lines}: {reason}"
    for service, description in sources.services():
        for name in service.enforced_elsewhere:
            if name not in description.security_schemes:
                pointer = pointer_of("services", service.name, "enforced_elsewhere", name)
                place = sources.declared.place(pointer)
                yield f"{place}: {service.spec.name} has no security scheme {name}: remove it"


def key_names(sources: Sources) -> dict[str, str]:
    """The headers in which the gateway looks for keys: ours first, and those of the specs."""
    found = {HEADER.lower(): HEADER}
    for service, description in sources.services():
        for name, scheme in description.security_schemes.items():
            match scheme:
                case ApiKey("header", header) if name not in service.enforced_elsewhere:
                    found.setdefault(header.lower(), header)
    return {KEYS: f"key_names: {json.dumps([*found.values()])}\n{_KEYS}"}


def _public(sources: Sources) -> Iterator[tuple[Service, Description, Operation]]:
    for service, description in sources.services():
        for each in description.operations:
            if not each.internal:
                yield service, description, each


def _unenforced(
    service: Service, description: Description, operation: Operation
) -> Iterator[Violation]:
    schemes, elsewhere = description.security_schemes, service.enforced_elsewhere
    stated = "security" in at(description.document, operation.pointer)
    owner = operation.pointer if stated else ""
    for number, requirement in enumerate(operation.security):
        here = [name for name in requirement if name not in elsewhere]
        keys = [name for name in here if enforced(schemes[name]) is Authentication.KEY]
        for name in here:
            pointer = owner + pointer_of("security", number, name)
            if enforced(schemes[name]) is None:
                reason = f"{name} ({schemes[name]}) is not enforced by the gateway"
            elif requirement[name]:
                reason = f"{name} has roles, which the gateway does not look for"
            elif name in keys[1:]:
                reason = f"the gateway asks for one key, and {keys[0]} is one already"
            else:
                continue
            yield (
                pointer,
                (
                    f"{reason}: remove it, or say who does it in services.yaml, under "
                    f"{service.name}: `enforced_elsewhere: {{{name}: WHO}}`"
                ),
            )
