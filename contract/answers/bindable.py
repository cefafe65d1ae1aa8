"""What a spec says of answers and no service can do: refused before anything is bound."""

from collections.abc import Iterator
from http import HTTPStatus

from contract.answers.encoding import can_hold
from contract.answers.media_types import media_range
from openapi.description import Description
from openapi.errors import Violation


def unanswerable(description: Description) -> Iterator[Violation]:
    """Media types that are none, or in a charset that nobody knows."""
    for operation in description.operations:
        for response in operation.responses.values():
            for name, content in response.content.items():
                reason = _reason(name)
                if reason is not None:
                    yield content.pointer, f"{operation}: {response.status}: {reason}"


def by_handlers_alone(description: Description) -> Iterator[str]:
    """A note of each success of which no value is made in a media type beside JSON, as in XML."""
    found: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for operation in description.operations:
        for response in operation.responses.values():
            names = {name: media_range(name) for name in response.content}
            if response.status.startswith("2") and any(each.is_json for each in names.values()):
                for name, each in names.items():
                    if each.is_concrete and not can_hold(each, {}):
                        found.setdefault(name, []).append(operation.id)
                        places.setdefault(name, response.content[name].pointer)
    for name, operations in found.items():
        what = f"{', '.join(dict.fromkeys(operations))} answer in {name} what their handlers make"
        why = "with a value alone, which is JSON, whoever takes no JSON is answered 406"
        yield f"{description.place(places[name])}: {what}, as `Representations`: {why}"


def without_refusals(description: Description) -> Iterator[str]:
    """A note of the operations that do not say what a request is answered that does not fit."""
    silent = [
        each for each in description.operations if each.response(HTTPStatus.BAD_REQUEST) is None
    ]
    if silent:
        names = ", ".join(map(str, silent))
        what = "a request that does not fit is answered with 400 all the same: declare it"
        yield f"{description.place(silent[0].pointer)}: {names}: {what}"


def _reason(name: str) -> str | None:
    try:
        "".encode(media_range(name).charset)
    except ValueError:
        return f"{name} is no media type: write one, as application/json, or a range, as image/*"
    except LookupError:
        return f"the charset of {name} is not known: write utf-8"
    return None
