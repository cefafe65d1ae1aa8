"""What a handler answers, as its description declares it, and how a client reads it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any

from hypothesis import strategies as st

from contract.answers.returned import Answer, File
from tests.openapi.random.values import Json, Strategy, instances, texts

Draw = st.DrawFn

OF_RANGES = {"2XX": 207, "4XX": 422, "default": 503}
"""The code that is answered for a range: none that a description declares by itself."""

BARE, ANSWER, FILE, STREAM = "bare", "Answer", "File", "stream"
"""What a handler returns."""


@dataclass(frozen=True)
class Given:
    """What a handler answers. `media_type` is None where there is no body."""

    status: int
    media_type: str | None
    value: Any
    form: str
    headers: Json = field(default_factory=dict)

    def returned(self) -> object:
        """What it returns."""
        value = self.value
        if self.form == FILE:
            value = File(BytesIO(value))
        elif self.form == STREAM:
            value = _stream(value)
        if self.form == BARE:
            return value
        return Answer(value, self.status, self.headers, self.media_type)

    def read(self, body: bytes, said: str) -> Any:  # noqa: ANN401 - whatever it is
        """What a client makes of it, by what the header Content-Type says."""
        if self.media_type is None:
            return body or None
        if "json" in self.media_type:
            return json.loads(body)
        if isinstance(self.value, bytes):
            return body
        charset = said.lower().partition("charset=")[2].strip('"') or "utf-8"
        return body.decode(charset)


_BYTES: Strategy = st.binary(max_size=100)


async def _stream(value: str | bytes) -> AsyncIterator[str | bytes]:
    for start in range(0, len(value), 7):
        yield value[start : start + 7]


@cache
@st.composite
def headers(draw: Draw) -> Json:
    """Headers of an answer, as a description declares them."""
    found: Json = {}
    if draw(st.booleans()):
        found["X-Count"] = {"schema": {"type": "integer"}, "required": draw(st.booleans())}
    if draw(st.booleans()):
        items = {"type": "array", "items": {"type": "string", "enum": ["a", "b-c", "d e"]}}
        found["X-Tags"] = {"schema": items}
    return found


@st.composite
def answers(draw: Draw, operation: Json) -> Given:
    """One of the answers that an operation declares."""
    status = draw(st.sampled_from(sorted(operation["responses"])))
    response = operation["responses"][status]
    said = {}
    for name, each in response.get("headers", {}).items():
        if each.get("required") or draw(st.booleans()):
            value = instances(each["schema"] | {"minItems": 1}, texts())
            said[name] = draw(value)
    code = OF_RANGES[status] if status in OF_RANGES else int(status)
    if not (content := response.get("content")):
        return Given(code, None, None, ANSWER, said)
    media_type = draw(st.sampled_from(sorted(content)))
    concrete = "text/html" if media_type == "text/*" else media_type
    if "json" in media_type:
        values = instances(content[media_type]["schema"], texts(), nulls=True)
        value = draw(values.filter(lambda each: each is not None))
        is_only = [*content] == [media_type] and _successes(operation) == [status]
        forms = [ANSWER, BARE] if is_only and not said else [ANSWER]
    elif media_type.startswith("text/"):
        value, forms = draw(texts("\ufeff", most=40)), [ANSWER, STREAM]
    else:
        value, forms = draw(_BYTES), [ANSWER, FILE, STREAM]
    form = draw(st.sampled_from(forms))
    if form == BARE and status in OF_RANGES:
        code = 200
    return Given(code, concrete, value, form, said)


def _successes(operation: Json) -> list[str]:
    """What is answered where a handler does not say: a code, not a range."""
    return [each for each in operation["responses"] if each.startswith("2") or each == "default"]


def accepts(media_type: str | None, operation: Json) -> list[str | None]:
    """What a client may say that takes an answer of a media type.

    Whoever takes nothing that a success is may be told so before anything is done: 406. So who
    gets an error here, or one success of several, takes anything else as well.
    """
    if media_type is None:
        return [None, "*/*"]
    kind = media_type.partition("/")[0]
    exact = [
        *(media_type, f"{kind}/*", media_type.upper()),
        f"application/x-nobody, {media_type};q=0.5",
        f"{media_type} ; q=0.001 , application/x-nobody;q=1",
    ]
    is_sure = all(media_type in each.get("content", {}) for each in operation["responses"].values())
    with_others = [f"{each}, */*;q=0.0001" for each in exact]
    return [
        None,
        "*/*",
        "application/x-nobody;q=1.0,*/*;q=0.1",
        *(exact if is_sure else with_others),
    ]
