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

    `label` names the version and the settings of the processes: the containers that bear it are
    the ones that are wanted. `files` are compose's; `environment` is what they are filled in with,
    on top of the file `settings`.
    """

    place: Place
    label: str
    folder: Path
    files: tuple[Path, ...]
    settings: Path
    certificate: Certificate
    environment: Mapping[str, str] = field(repr=False)

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
    files = [folder / "docker-compose.yml", folder / "deploy/docker-compose.server.yml"]
    if found.get("GATEWAY_HTTP_PORT"):
        files.append(folder / "deploy/docker-compose.http.yml")
    if override.exists():
        files.append(override)
    processes = _digest(*(file for file in (settings, override) if file.exists()))
    image = found.get("AWARE_IMAGE") or "aware-micro-services"
    shown = Certificate(certificate.read_text(), key.read_text())
    label = f"{place.version}+{processes}"
    environment = {
        "AWARE_VERSION": place.version,
        "AWARE_COMMIT": place.version,
        "AWARE_IMAGE": image,
        "AWARE_RELEASE": label,
        "AWARE_GATEWAY_IMAGE": f"{image}-gateway:{place.version}",
        "AWARE_BROKER_SETTINGS": str(_shared(layout, folder / "messaging/rabbitmq.conf")),
        "COMPOSE_ANSI": "never",
        **shown.environment(),
    }
    plugins = folder / "messaging/enabled_plugins"
    if plugins.exists():  # older releases had none
        environment |= {"AWARE_BROKER_PLUGINS": str(_shared(layout, plugins))}
    return Release(place, label, folder, tuple(files), settings, shown, environment)


def _own(layout: Layout) -> tuple[Path, ...]:
    return (layout.settings, layout.certificate, layout.key, layout.override)


def _shared(layout: Layout, file: Path) -> Path:
    """A copy of `file` that outlives its release, named by its content; anyone may read it."""
    copy = layout.shared / f"{file.stem}-{_digest(file)}{file.suffix}"
    if not copy.exists():
        layout.shared.mkdir(parents=True, exist_ok=True)
        new = copy.with_suffix(".new")
        new.write_bytes(file.read_bytes())
        new.chmod(0o644)
        new.replace(copy)
    return copy


def _digest(*files: Path) -> str:
    content = b"\0".join(file.read_bytes() for file in files)
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
