"""A client as the texts have it: OpenAPI 3.0.3 and 3.1, RFC 6570, 7578, 9110 and 6265.

Written from these, and from nothing of what reads its requests.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_plus

from tests.openapi.random.values import Json

Encode = Callable[[str], str]
Pairs = list[tuple[str, str]]

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"


@dataclass(frozen=True)
class Request:
    """A request, as it goes over the wire."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def with_header(self, name: str, value: str | None) -> "Request":
        """The same with another value of a header, or without it."""
        kept = tuple(each for each in self.headers if each[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def as_curl(self) -> str:
        """The command that sends it."""
        words = ["curl", "-i", "-g", "--path-as-is", "-X", self.method]
        for name, value in self.headers:
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
        url = f"http://127.0.0.1:5000{self.target}"
        if not self.body:
            return shlex.join([*words, url])
        escaped = "".join(f"\\x{each:02x}" for each in self.body)
        return f"printf '{escaped}' | {shlex.join([*words, '--data-binary', '@-', url])}"


def explodes(node: Json) -> bool:
    """Whether a parameter is exploded: left out, it is where the style is `form`."""
    return bool(node.get("explode", style_of(node) == "form"))


def style_of(node: Json) -> str:
    """The style of a parameter."""
    usual = "form" if node["in"] in ("query", "cookie") else "simple"
    return str(node.get("style", usual))


def encoded(text: str) -> str:
    """As RFC 6570 expands a variable: all but what RFC 3986 calls unreserved is encoded."""
    return quote(text, safe="")


def plain(value: Any) -> str:  # noqa: ANN401 - a string, a number or a boolean
    """A plain value as text: as JSON has it, a string without its quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _flat(value: Any, encode: Encode, between: str = ",") -> str:  # noqa: ANN401 - any of the three
    """What is not exploded: `a,b` of an array, `k,v,k,v` of an object."""
    if isinstance(value, dict):
        return between.join(encode(plain(each)) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return between.join(encode(plain(each)) for each in value)
    return encode(plain(value))


def _members(value: Any, encode: Encode) -> Iterator[str]:  # noqa: ANN401 - any of the three
    """What is exploded: `a` and `b` of an array, `k=v` and `k=v` of an object."""
    if isinstance(value, dict):
        yield from (f"{encode(key)}={encode(plain(each))}" for key, each in value.items())
    else:
        yield from (encode(plain(each)) for each in (value if isinstance(value, list) else [value]))


def in_path(node: Json, value: Any) -> str:  # noqa: ANN401 - as the schema says
    """A path parameter: RFC 6570's `{v}`, `{.v}` and `{;v}`, each with `*` where exploded."""
    if "content" in node:
        return encoded(json.dumps(value))
    exploded = explodes(node)
    parts = [*_members(value, encoded)] if exploded else [_flat(value, encoded)]
    match style_of(node):
        case "simple":
            return ",".join(parts)
        case "label":
            return "".join(f".{each}" for each in parts)
    if exploded and isinstance(value, dict):
        return "".join(f";{key}{_ifemp(each)}" for key, _, each in _split(parts))
    return "".join(f";{encoded(node['name'])}{_ifemp(each)}" for each in parts)


def _split(members: list[str]) -> Iterator[tuple[str, str, str]]:
    return (each.partition("=") for each in members)


def _ifemp(text: str) -> str:
    """`{;v}` writes no `=` before an empty value."""
    return f"={text}" if text else ""


def in_query(node: Json, value: Any, encode: Encode = encoded) -> Pairs:  # noqa: ANN401
    """A query parameter, as pairs of what stands before and after `=`."""
    style, name = style_of(node), encode(node["name"])
    if "content" in node:
        return [(name, encode(json.dumps(value, ensure_ascii=False)))]
    if style == "deepObject":
        return [
            (encode(f"{node['name']}[{key}]"), encode(plain(each))) for key, each in value.items()
        ]
    if style == "form" and explodes(node) and isinstance(value, dict):
        return [(encode(key), encode(plain(each))) for key, each in value.items()]
    if style == "form" and explodes(node) and isinstance(value, list):
        return [(name, encode(plain(each))) for each in value]
    return [(name, _flat(value, encode, _BETWEEN[style]))]


_BETWEEN = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def in_header(node: Json, value: Any) -> str:  # noqa: ANN401 - as the schema says
    """The value of a header: nothing is encoded, for no text says by what it would be decoded."""
    if "content" in node:
        return json.dumps(value)
    if explodes(node):
        return ",".join(_members(value, str))
    return _flat(value, str)


def in_cookie(node: Json, value: Any) -> str:  # noqa: ANN401 - as the schema says
    """A pair of the header Cookie: style `form` of the one name that a cookie has."""
    return f"{node['name']}={_flat(value, encoded)}"


@dataclass(frozen=True)
class Sent:
    """What a client sends: values by place and name, and a body of a media type."""

    parameters: Mapping[tuple[str, str], Any]
    media_type: str | None = None
    body: Any = None
    accept: str | None = None
    plus: bool = False
    """Whether a space in a query is written `+`, as a form's is."""
    charset: str | None = None
    capitals: bool = False
    """Whether names of headers are in capitals."""


def request(path: str, method: str, nodes: list[Json], media: Json | None, sent: Sent) -> Request:
    """The request of an operation.

    Args:
        path: Its template.
        method: In any letter case.
        nodes: Its parameters.
        media: What the spec says of the body's media type; None where no body is sent.
        sent: What to send.
    """
    pairs: Pairs = []
    headers: Pairs = []
    cookies = []
    for node in nodes:
        key = node["in"], node["name"]
        if key not in sent.parameters:
            continue
        value = sent.parameters[key]
        match node["in"]:
            case "path":
                path = path.replace(f"{{{node['name']}}}", in_path(node, value), 1)
            case "query":
                may_plus = style_of(node) != "spaceDelimited"
                encode = quote_plus if sent.plus and may_plus else encoded
                pairs += in_query(node, value, encode)
            case "header":
                name = node["name"].upper() if sent.capitals else node["name"]
                headers.append((name, in_header(node, value)))
            case "cookie":
                cookies.append(in_cookie(node, value))
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    if sent.accept is not None:
        headers.append(("Accept", sent.accept))
    content = b""
    if media is not None and sent.media_type is not None:
        said, content = body(sent.media_type, media, sent.body, sent.charset)
        headers.append(("Content-Type", said))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return Request(method.upper(), path, query, tuple(headers), content)


def body(media_type: str, media: Json, value: Any, charset: str | None) -> tuple[str, bytes]:  # noqa: ANN401
    """What the header Content-Type says, and the body."""
    if media_type == FORM:
        return media_type, urlencoded(media, value).encode("ascii")
    if media_type == PARTS:
        return multipart(media, value)
    if isinstance(value, bytes):
        return media_type, value
    if media_type.startswith("text/"):
        said = f"{media_type}; charset={charset}" if charset else media_type
        return said, value.encode(charset or "utf-8")
    return media_type, json.dumps(value, ensure_ascii=charset == "ascii").encode()


def urlencoded(media: Json, value: Json) -> str:
    """A form, each field by its `encoding`, in the serialisation of WHATWG's URL standard."""
    pairs: Pairs = []
    for name, each in value.items():
        said = media.get("encoding", {}).get(name, {})
        if "contentType" in said:
            pairs.append((quote_plus(name), quote_plus(json.dumps(each))))
        else:
            encode = encoded if said.get("style") == "spaceDelimited" else quote_plus
            pairs += in_query({"name": name, "in": "query", **said}, each, encode)
    return "&".join(f"{name}={text}" for name, text in pairs)


@dataclass(frozen=True)
class File:
    """A file in a form."""

    content: bytes
    filename: str
    media_type: str | None


def multipart(media: Json, value: Json) -> tuple[str, bytes]:
    """A form in parts (RFC 7578): an array is a part for each, an object is JSON."""
    boundary = "----part-of-this-form"
    parts = []
    for name, found in value.items():
        is_array = media["schema"]["properties"][name]["type"] == "array"
        parts += [_part(name, each) for each in (found if is_array else [found])]
    end = f"--{boundary}--\r\n".encode()
    content = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts) + end
    return f"multipart/form-data; boundary={boundary}", content


def _part(name: str, value: Any) -> bytes:  # noqa: ANN401 - as the schema says
    disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
    if isinstance(value, File):
        disposition += f'; filename="{_quoted(value.filename)}"'
        said, content = value.media_type, value.content
    elif isinstance(value, dict):
        said, content = "application/json", json.dumps(value).encode()
    else:
        said, content = None, plain(value).encode()
    lines = [disposition, *([f"Content-Type: {said}"] if said else []), "", ""]
    return "\r\n".join(lines).encode() + content


def _quoted(text: str) -> str:
    """A name in a part's header, in UTF-8; RFC 7578 leaves open how one with a quote is written."""
    assert not {*text} & {*'"\\\r\n'}
    return text
