"""`api/index.html` of the site: every operation of both APIs, and what else describes them."""

from pathlib import Path

from contract.document import operations

from generate.published import APIS, published_document

_HEAD = """\
# API reference

Both APIs are described by OpenAPI files in `specs/`. These pages are made from them, without the
operations that only the services' own network may call. Every error is
[problem+json](../problems.md).
"""
_TAIL = """\
## Events

[What goes through RabbitMQ](events.html), as an AsyncAPI document: exchange, queue and the payload
of `user.contacts-changed`.

## To import elsewhere

- [Insomnia collection](../insomnia.json) of all public operations
- [client packages](../sdks.md) for Python and TypeScript
- each service's own OpenAPI document, at `/openapi.json`, and Swagger UI, at `/ui/`
"""


def api_index(root: Path) -> str:
    """The page as Markdown, for the repository `root`; raises InvalidDocumentError."""
    return "\n".join([_HEAD, *(_api(root, name) for name in APIS), _TAIL])


def _api(root: Path, name: str) -> str:
    document = published_document(root, name)
    info = document["info"]
    lines = [f"## {info['title']} {info['version']}", "", info["description"].strip(), ""]
    lines += ["| operation | | |", "| --- | --- | --- |"]
    for each in operations(document):
        tag = each.definition["tags"][0]
        link = f"[{each.definition['summary']}]({name}.html#/{tag}/{each.id})"
        lines.append(f"| {link} | `{each.method}` | `{each.path}` |")
    return "\n".join([*lines, ""])
