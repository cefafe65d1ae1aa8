"""From a spec's files to its description."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openapi.bundle import Bundle, read_bundle
from openapi.deprecation import read_deprecation
from openapi.description import (
    Body,
    Description,
    Encoding,
    Header,
    MediaType,
    Operation,
    Parameter,
    Response,
)
from openapi.files import SpecFile
from openapi.grammar import METHODS, is_extension, walk
from openapi.names import (
    class_name,
    class_names,
    function_names,
    parameter_names,
)
from openapi.overlay import apply_overlay
from openapi.pointers import at, from_fragment, pointer_of
from openapi.schemas import Schemas
from openapi.security import read_scheme
from openapi.servers import base_path
from openapi.soundness import is_ignored_parameter, require_sound

_SHOWN = {"callback": "callbacks", "link": "links", "externalDocs": "externalDocs", "xml": "xml"}


def load_description(path: Path, overlay: Path | None = None) -> Description:
    """Read the spec at `path`, with the files it refers to, and lay `overlay` over it.

    Raises:
        InvalidDocumentError: It is not sound; the message has a line for each reason.
    """
    bundle = read_bundle(path)
    if overlay is not None:
        apply_overlay(SpecFile(overlay.resolve()), bundle)
    require_sound(bundle)
    description = _Reader(bundle).description()
    bundle.files.forget_places()
    return description


class _Reader:
    """Reads a sound document."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self._document = bundle, bundle.document
        self._base = base_path(bundle.document)
        self._schemas = Schemas(bundle.document, bundle.version)

    def description(self) -> Description:
        operations = tuple(self._operations())
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        return Description(
            version=self._bundle.version,
            document=self._document,
            operations=operations,
            schemas=self._schemas.named,
            schema_pointers=self._schemas.pointers,
            class_names=class_names(self._schemas.named),
            security_schemes={
                name: read_scheme(self._resolve(each, "")[0]) for name, each in schemes.items()
            },
            notes=(*self._notes(),),
            files=frozenset(self._bundle.files),
            place=self._bundle.place,
        )

    def _operations(self) -> Iterator[Operation]:
        found = [
            (path, method, item)
            for path, item in self._document.get("paths", {}).items()
            if not is_extension(path)
            for method in METHODS
            if method in item
        ]
        names = function_names(
            (method, path, item[method].get("operationId") or None) for path, method, item in found
        )
        for (path, method, item), name in zip(found, names, strict=True):
            yield self._operation(path, method, item, name)

    def _operation(self, path: str, method: str, item: Any, name: str) -> Operation:  # noqa: ANN401
        node, here = item[method], pointer_of("paths", path, method)
        body = node.get("requestBody")
        if body is not None:
            body = self._body(body, f"{here}/requestBody", name)
        security = node.get("security", self._document.get("security", []))
        return Operation(
            id=name,
            operation_id=node.get("operationId") or None,
            method=method.upper(),
            path=self._base + path,
            template=path,
            summary=node.get("summary", item.get("summary", "")),
            description=node.get("description", item.get("description", "")),
            tags=tuple(node.get("tags", ())),
            internal=bool(node.get("x-internal", item.get("x-internal", False))),
            parameters=self._parameters(item, method, here, body),
            body=body,
            responses={
                status.upper() if status != "default" else status: self._response(
                    status, each, f"{here}/responses/{status}"
                )
                for status, each in node.get("responses", {}).items()
                if not is_extension(status)
            },
            security=tuple(
                {name: tuple(scopes) for name, scopes in each.items()} for each in security
            ),
            deprecation=read_deprecation(node),
            pointer=here,
        )

    def _parameters(
        self, item: Mapping[str, Any], method: str, here: str, body: Body | None
    ) -> tuple[Parameter, ...]:
        """Those of the path and those of the operation, which stand in for the path's."""
        found: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        above = here.removesuffix(f"/{method}")
        for owner, pointer in ((item, above), (item[method], here)):
            for number, each in enumerate(owner.get("parameters", [])):
                node, place = self._resolve(each, f"{pointer}/parameters/{number}")
                if not is_ignored_parameter(node["in"], node["name"]):
                    found[node["in"], node["name"]] = node, place
        names = parameter_names(found, () if body is None else body.arguments)
        return tuple(
            self._parameter(node, name, place)
            for (node, place), name in zip(found.values(), names, strict=True)
        )

    def _parameter(self, node: dict[str, Any], name: str, here: str) -> Parameter:
        media_type, schema = self._schema_of(node, here)
        style = node.get("style", "form" if node["in"] in ("query", "cookie") else "simple")
        return Parameter(
            name=node["name"],
            python_name=name,
            location=node["in"],
            required=node.get("required", False),
            schema=schema,
            style=style,
            explode=node.get("explode", style == "form"),
            allow_empty=node.get("allowEmptyValue", False),
            media_type=media_type,
            examples=self._examples(node),
            pointer=here,
        )

    def _schema_of(self, node: dict[str, Any], here: str) -> tuple[str | None, Any]:
        """The media type, where a parameter or header has one, and the schema."""
        for media_type, content in node.get("content", {}).items():
            below = f"{here}{pointer_of('content', media_type, 'schema')}"
            return media_type, self._schemas.read(content.get("schema", True), below)
        return None, self._schemas.read(node.get("schema", True), f"{here}/schema")

    def _body(self, node: dict[str, Any], here: str, operation: str) -> Body:
        body, here = self._resolve(node, here)
        wish = f"{class_name(operation)}Body"
        return Body(body.get("required", False), self._content(body, here, wish), here)

    def _response(self, status: str, node: dict[str, Any], here: str) -> Response:
        response, here = self._resolve(node, here)
        headers = {
            name: self._header(each, f"{here}{pointer_of('headers', name)}")
            for name, each in response.get("headers", {}).items()
            if name.lower() != "content-type"
        }
        return Response(status, self._content(response, here), headers, here)

    def _header(self, node: dict[str, Any], here: str) -> Header:
        header, here = self._resolve(node, here)
        media_type, schema = self._schema_of(header, here)
        explode = header.get("explode", False)
        return Header(header.get("required", False), schema, explode, media_type)

    def _content(
        self, node: dict[str, Any], here: str, wish: str | None = None
    ) -> Mapping[str, MediaType]:
        """The media types of a body; with a wish, a schema without a name gets one."""
        content = {}
        for media_type, each in node.get("content", {}).items():
            below = f"{here}{pointer_of('content', media_type)}"
            schema = self._schemas.read(each.get("schema", True), f"{below}/schema")
            if wish is not None:
                schema = self._schemas.named_schema(schema, f"{below}/schema", wish)
            encoding = {
                name: self._encoding(one, f"{below}{pointer_of('encoding', name)}")
                for name, one in each.get("encoding", {}).items()
            }
            most = each.get("x-max-bytes")
            content[media_type] = MediaType(schema, self._examples(each), encoding, most, below)
        return content

    def _encoding(self, node: dict[str, Any], here: str) -> Encoding:
        headers = {
            name: self._header(each, f"{here}{pointer_of('headers', name)}")
            for name, each in node.get("headers", {}).items()
            if name.lower() != "content-type"
        }
        return Encoding(node.get("contentType"), node.get("style"), node.get("explode"), headers)

    def _examples(self, node: dict[str, Any]) -> Mapping[str, Any]:
        """The examples by name; the one without a name is `example`."""
        found = {"example": node["example"]} if "example" in node else {}
        for name, each in node.get("examples", {}).items():
            example, _ = self._resolve(each, "")
            if "value" in example:
                found[name] = example["value"]
        return found

    def _resolve(self, node: dict[str, Any], here: str) -> tuple[dict[str, Any], str]:
        """The object that a reference stands for, and where it is."""
        while isinstance(node.get("$ref"), str):
            here = from_fragment(node["$ref"].removeprefix("#"))
            node = at(self._document, here)
        return node, here

    def _notes(self) -> Iterator[str]:
        shown: dict[str, str] = {}
        for node in walk(self._document, self._bundle.version):
            if node.kind in _SHOWN:
                shown.setdefault(_SHOWN[node.kind], node.pointer)
        if self._document.get("webhooks"):
            shown["webhooks"] = "/webhooks"
        for name, pointer in shown.items():
            yield f"{self._bundle.place(pointer)}: {name} are shown in the pages and not served"
        for name, pointer in self._schemas.unknown.items():
            instead = "write `type: [string, 'null']`" if name == "nullable" else "remove it"
            place = self._bundle.place(pointer)
            yield f"{place}: a schema has no `{name}`, it changes nothing: {instead}"
        yield from self._bundle.notes
        yield from self._schemas.notes
