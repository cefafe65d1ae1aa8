"""What the registry has of an API, as its REST API tells. Nothing here changes anything."""

from dataclasses import dataclass
from typing import Any, Self

import httpx

from openapi.bundle import Document
from swaggerhub.settings import Settings, SwaggerHubError

_MOCKED = "SwaggerHub API Auto Mocking"
"""The description of a server that the registry adds by itself, where it is told to mock."""


@dataclass(frozen=True)
class Held:
    """A version that the registry has. What it does not tell counts as not so."""

    document: Document
    published: bool
    default: bool


class Registry:
    """Reads the registry; a context manager. Every method raises SwaggerHubError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {settings.key}", "Accept": "application/json"},
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def held(self, name: str, version: str) -> Held | None:
        """The version of the API, None where the registry has none."""
        document = self._get(f"{name}/{version}")
        if document is None:
            return None
        lifecycle = self._get(f"{name}/{version}/settings/lifecycle") or {}
        default = self._get(f"{name}/settings/default") or {}
        return Held(
            _as_it_was_sent(document),
            published=lifecycle.get("published") is True,
            default=default.get("version") == version,
        )

    def _get(self, path: str) -> Document | None:
        settings = self._settings
        try:
            answer = self._client.get(f"{settings.url}/apis/{settings.owner}/{path}")
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise SwaggerHubError(f"{settings.url} cannot be reached: {reason}") from error
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            return None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise SwaggerHubError(f"{settings.url} does not accept SWAGGERHUB_API_KEY (401)")
        if answer.status_code == httpx.codes.FORBIDDEN:
            raise SwaggerHubError(f"the key may not read {settings.owner}/{path} (403)")
        return _document(answer, settings.url)


def _document(answer: httpx.Response, url: str) -> Document:
    if answer.status_code != httpx.codes.OK:
        raise SwaggerHubError(f"{url} answered {answer.status_code}; nothing was changed")
    try:
        found: Any = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SwaggerHubError(f"{url} did not answer with a JSON object: is it a registry?")
    return found


def _as_it_was_sent(document: Document) -> Document:
    """Without the server that the registry may have added."""
    servers = document.get("servers")
    if not isinstance(servers, list):
        return document
    return document | {"servers": [each for each in servers if each.get("description") != _MOCKED]}
