"""A description, what to send to it, what its handler must be given, and what it answers."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.openapi.random.answers import Given, accepts, answers
from tests.openapi.random.client import (
    FORM,
    PARTS,
    File,
    Request,
    Sent,
    explodes,
    in_path,
    plain,
    request,
    style_of,
)
from tests.openapi.random.contents import FILE_TYPES
from tests.openapi.random.descriptions import documents
from tests.openapi.random.dressing import BASE, dress
from tests.openapi.random.values import CONTROLS, Json, Strategy, instances, texts

Draw = st.DrawFn

CONCRETE = {
    "text/*": "text/html",
    "image/*": "image/gif",
    "application/*+json": "application/x-thing+json",
    "*/*": "application/x-thing",
}
"""By range: a media type in it that no description names."""

WITH_DOTS = ("3.0.3", "3.1.0")
"""Versions whose examples part by dots what `label` does not explode, and RFC 6570 by commas."""

CHARSETS = (None, "utf-8", "UTF-8", "iso-8859-1", "utf-16", "windows-1252")


@dataclass(frozen=True)
class Trial:
    """A request, and the answer that it is to get. `media` is of the body, None if none is sent."""

    sent: Sent
    media: Json | None
    request: Request
    answer: Given


@dataclass(frozen=True)
class Case:
    """A description of one operation, and requests to it that are right.

    `plain` says the same as `document` does, everything at its place.
    """

    plain: Json
    document: Json
    trials: list[Trial]

    @property
    def path(self) -> str:
        """The path's template."""
        return str(next(iter(self.plain["paths"])))

    @property
    def base(self) -> str:
        """The path of its servers."""
        return BASE if "servers" in self.document else ""

    @property
    def method(self) -> str:
        """In small letters."""
        return str(next(iter(self.plain["paths"][self.path])))

    @property
    def operation(self) -> Json:
        """The operation."""
        found: Json = self.plain["paths"][self.path][self.method]
        return found

    @property
    def parameters(self) -> list[Json]:
        """Its parameters."""
        found: list[Json] = self.operation.get("parameters", [])
        return found

    def request(self, sent: Sent, media: Json | None) -> Request:
        """The request that sends something."""
        return request(self.base + self.path, self.method, self.parameters, media, sent)


def members(value: Any) -> list[str]:  # noqa: ANN401 - as a schema says
    """Every text that a serialised value is put together from."""
    if isinstance(value, dict):
        return [*value, *map(plain, value.values())]
    return [plain(each) for each in (value if isinstance(value, list) else [value])]


def values(node: Json, version: str) -> Strategy:
    """What can be sent for a parameter."""
    if "content" in node:
        media = node["content"]["application/json"]
        return instances(media["schema"], texts(), nulls=True)
    style, exploded = style_of(node), explodes(node)
    match node["in"]:
        case "path":
            # an encoded slash, backslash or control character is refused, see contract/paths.py;
            # what is an empty segment or one of dots never arrives, and RFC 6570 does not encode
            # the dots that `label` puts between the values
            found = instances(node["schema"], texts("/\\" + CONTROLS))
            if style == "label" and exploded and node["schema"]["type"] != "string":
                found = found.filter(lambda each: not any("." in text for text in members(each)))
            if style == "label" and not exploded and version in WITH_DOTS:
                found = found.filter(
                    lambda each: "," in (text := in_path(node, each)) or "." not in text[1:]
                )
            return found.filter(lambda each: in_path(node, each) not in ("", ".", ".."))
        case "query":
            without = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, "")
            found = instances(node["schema"], texts(without))
            if without:
                found = found.filter(lambda each: not any(without in key for key in members(each)))
            return found if exploded else found.filter(is_no_empty_list)
        case "header":
            # no text says how a header's other characters are encoded, and commas part lists
            alphabet = texts(',="\\%' + CONTROLS, ascii_only=True)
            found = instances(node["schema"], alphabet)
            if (
                isinstance(node["schema"].get("properties", None), dict)
                or "items" in node["schema"]
            ):
                found = found.filter(lambda each: "" not in members(each))
            return found.filter(lambda each: all(text == text.strip() for text in members(each)))
    return instances(node["schema"], texts()).filter(is_no_empty_list)


def is_no_empty_list(value: Any) -> bool:  # noqa: ANN401 - as a schema says
    """Whether a value is not `[""]`: not exploded, that is sent as what is empty is."""
    return bool(value != [""])


@st.composite
def body_values(draw: Draw, media_type: str, media: Json) -> Any:  # noqa: ANN401 - any kind
    """What can be sent as a body of a media type."""
    schema = media.get("schema", {})
    if media_type == FORM:
        encoding = media.get("encoding", {})
        sendable = lambda value: all(  # noqa: E731
            can_be_sent(encoding.get(name, {}), each) for name, each in value.items()
        )
        return draw(instances(schema, texts()).filter(sendable))
    if media_type == PARTS:
        return draw(forms(media))
    if "json" in media_type:
        return draw(instances(schema, texts(), nulls=True))
    if media_type.startswith("text/"):  # where there is nothing, there is no body
        return draw(texts("\ufeff", least=1, most=40))
    return draw(contents(least=1))


def can_be_sent(encoding: Json, value: Any) -> bool:  # noqa: ANN401 - as a schema says
    """Whether a delimiter of an array is in none of its values."""
    delimiter = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(encoding.get("style", ""))
    if encoding.get("explode") is False and value == [""]:
        return False
    return delimiter is None or not any(delimiter in each for each in members(value))


@cache
def contents(least: int = 0) -> Strategy:
    """Bytes of a file."""
    hostile = [b"\r\n--", b"\r\n------part-of-this-form-", b"\0\xff\r\n\r\n", b"--\r\n", b"\n"]
    return st.sampled_from(hostile) | st.binary(min_size=least, max_size=200)


@st.composite
def forms(draw: Draw, media: Json) -> Json:
    """Values of the fields of a form in parts."""
    schema, found = media["schema"], dict[str, Any]()
    for name, each in schema["properties"].items():
        if name in schema["required"] or draw(st.booleans()):
            allowed = media.get("encoding", {}).get(name, {}).get("contentType", FILE_TYPES[-1])
            file = files(allowed)
            if is_file(each):
                found[name] = draw(file)
            elif is_file(each.get("items", {})):
                found[name] = draw(st.lists(file, min_size=1, max_size=3))
            else:
                found[name] = draw(instances(each, texts()))
    return found


def is_file(schema: Json) -> bool:
    """Whether a field of a form is a file."""
    return schema.get("format") == "binary" or "contentMediaType" in schema


@cache
def files(allowed: str) -> Strategy:
    """Files of a media type that a spec allows."""
    first = allowed.partition(",")[0]
    names = st.sampled_from(["a.png", "a b.png", "é.png", "x;y.png", "z=1.png", "a'b", "…"])
    return st.builds(File, contents(), names, st.just(CONCRETE.get(first, first)))


@cache
@st.composite
def cases(draw: Draw) -> Case:
    """A description, and requests to it that are right."""
    plain = draw(documents())
    case = Case(plain, dress(draw, plain), [])
    for _ in range(draw(st.integers(1, 3))):
        case.trials.append(_trial(draw, case))
    return case


def _trial(draw: Draw, case: Case) -> Trial:
    parameters = {
        (node["in"], node["name"]): draw(values(node, case.plain["openapi"]))
        for node in case.parameters
        if node.get("required") or draw(st.booleans())
    }
    media_type, media, body, charset = None, None, None, None
    said = case.operation.get("requestBody", {})
    if said and (said.get("required") or draw(st.booleans())):
        name = draw(st.sampled_from(sorted(said["content"])))
        media, media_type = said["content"][name], CONCRETE.get(name, name)
        body = draw(body_values(media_type, media))
        if isinstance(body, str) and media_type.startswith("text/"):
            charset = draw(st.sampled_from([each for each in CHARSETS if holds(body, each)]))
    answer = draw(answers(case.operation))
    sent = Sent(
        parameters,
        media_type,
        body,
        accept=draw(st.sampled_from(accepts(answer.media_type, case.operation))),
        plus=draw(st.booleans()),
        charset=charset,
        capitals=draw(st.booleans()),
    )
    return Trial(sent, media, case.request(sent, media), answer)


def holds(text: str, charset: str | None) -> bool:
    """Whether a charset has the characters of a text."""
    try:
        text.encode(charset or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
