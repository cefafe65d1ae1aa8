"""What a spec says of answers and no service can do: refused before anything is bound."""

from collections.abc import Iterator

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


def _reason(name: str) -> str | None:
    try:
        "".encode(media_range(name).charset)
    except ValueError:
        return f"{name} is no media type: write one, as application/json, or a range, as image/*"
    except LookupError:
        return f"the charset of {name} is not known: write utf-8"
    return None
