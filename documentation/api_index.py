"""`api/index.html` of the site: every operation of each API, and what else describes them."""

from pathlib import Path

from openapi.reading import load_description
from services.declaration import Service
from services.reading import read

_HEAD = """\
# API reference

The APIs are described by OpenAPI files in `specs/`. These pages are made from them, without the
operations that only the services' own network may call. Every error is
[problem+json](../problems.md).
"""
_TAIL = """\
## Events

[What goes through RabbitMQ](events.html), as an AsyncAPI document: exchange, queues and the
payload of each event. [Events](../events.md) says how to publish and follow them.

## To import elsewhere

- [Insomnia collection](../insomnia.json) of all public operations
- [client packages](../sdks.md) for Python and TypeScript
- each service's own OpenAPI document, at `/openapi.json`, and Swagger UI, at `/ui/`
"""


def api_index(root: Path) -> str:
    """The page as Markdown, for the repository `root`; raises InvalidDocumentError."""
    return "\n".join([_HEAD, *(_api(each) for each in read(root)), _TAIL])


def _api(service: Service) -> str:
    description = load_description(service.spec)
    info = description.document["info"]
    lines = [f"## {info['title']} {info['version']}", "", info["description"].strip(), ""]
    lines += ["| operation | | |", "| --- | --- | --- |"]
    for each in (operation for operation in description.operations if not operation.internal):
        link = f"[{each.summary}]({service.api}.html#/{each.tags[0]}/{each.operation_id})"
        lines.append(f"| {link} | `{each.method}` | `{each.path}` |")
    return "\n".join([*lines, ""])
