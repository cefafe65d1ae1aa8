"""A version that was sent to the server, and the settings it is brought in with."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.certificate import Certificate
from deploy.errors import DeployError
from deploy.layout import Layout
from deploy.private import write_private
from deploy.settings import parse
from deploy.state import Place

_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_DIGITS = 12


@dataclass(frozen=True)
class Release:
    """What is brought in.

    `stack` are the files of what runs all the time, `files` those of what runs once and of the
    tools; `environment` is what both are filled in with, on top of the file `settings`. `secrets`
    are given to processes as files, by the names that the stack has for them.
    """

    place: Place
    folder: Path
    stack: tuple[Path, ...]
    files: tuple[Path, ...]
    settings: Path
    certificate: Certificate
    environment: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def has_stack(self) -> bool:
        """Whether it is a version for Swarm; those before knew Docker Compose alone."""
        return self.stack[0].exists()

    @property
    def images(self) -> tuple[str, str]:
        """The image of the processes, and the gateway's."""
        name = self.environment["AWARE_IMAGE"]
        return f"{name}:{self.place.version}", f"{name}-gateway:{self.place.version}"

    @property
    def pulled(self) -> bool:
        """Whether the images come from a registry, whose name is then part of theirs."""
        return "/" in self.environment["AWARE_IMAGE"]


def folder_of(layout: Layout, version: str) -> Path:
    """Where `version` is; raises DeployError where it was never sent."""
    folder = layout.releases / version
    if not _VERSION.fullmatch(version) or not (folder / "docker-compose.yml").exists():
        raise DeployError(f"there is no version {version!r} in {layout.releases}: send it first")
    return folder


def take_settings(layout: Layout) -> str:
    """Keep a copy of all settings as they are now, so that one can go back; returns its name."""
    files = [file for file in _own(layout) if file.exists()]
    name = _digest(*files)
    folder = given_folder(layout) / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in files:
        write_private(folder / file.name, file.read_text())
    return name


def given_folder(layout: Layout) -> Path:
    """Where the copies are, a folder for each."""
    return layout.state / "given"


def release(layout: Layout, place: Place) -> Release:
    """The release of `place`; raises DeployError where it was never sent."""
    folder = folder_of(layout, place.version)
    settings, certificate, key, override = (
        given_folder(layout) / place.given / file.name for file in _own(layout)
    )
    found = parse(settings.read_text())
    stack = [folder / "deploy/stack.yml"]
    if found.get("GATEWAY_HTTP_PORT"):
        stack.append(folder / "deploy/stack.http.yml")
    own = (override,) if override.exists() else ()
    shown = Certificate(certificate.read_text(), key.read_text())
    environment = {
        "AWARE_VERSION": place.version,
        "AWARE_COMMIT": place.version,
        "AWARE_IMAGE": found.get("AWARE_IMAGE") or "aware-micro-services",
        "AWARE_SECRETS": str(settings.parent),
        "COMPOSE_ANSI": "never",
    }
    return Release(
        place=place,
        folder=folder,
        stack=(*stack, *own),
        files=(folder / "docker-compose.yml", folder / "deploy/docker-compose.server.yml", *own),
        settings=settings,
        certificate=shown,
        environment=environment,
        secrets={**found, **shown.settings()},
    )


def _own(layout: Layout) -> tuple[Path, ...]:
    return (layout.settings, layout.certificate, layout.key, layout.override)


def _digest(*files: Path) -> str:
    return digest(b"\0".join(file.read_bytes() for file in files))


def digest(content: bytes) -> str:
    """A short name for what `content` is."""
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
