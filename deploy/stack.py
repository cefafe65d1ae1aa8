"""The stack of one release: what of it runs all the time, as Docker Swarm is told."""

import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from deploy.commands import Commands
from deploy.compose import PROJECT, Compose
from deploy.errors import DeployError
from deploy.private import write_private
from deploy.release import Release, digest
from deploy.report import Report
from deploy.tasks import CONTENT, OF_STACK, SERVICE

_NAME = 50
"""Characters of a name before its digest: Swarm takes 64 in all."""
_OF_COMPOSE = ("build", "container_name", "depends_on", "profiles", "pull_policy", "restart")
"""What a server's own file may say for Docker Compose, which runs the set-up and the tools."""


class Stack:
    """Reads the release's files with Docker Compose, and deploys services of it."""

    def __init__(self, release: Release, report: Report) -> None:
        """Its images need only be there where services are looked at: each has its content."""
        self._release = release
        self._commands = Commands(report)
        self._compose = Compose(replace(release, files=release.stack), report)

    def pull_missing(self) -> None:
        """Fetch the images of others that the engine does not have.

        Raises DeployError, in one line that says what to do, where one cannot be fetched.
        """
        services, ours = self._read["services"], self._release.images
        others = sorted(name for name, each in services.items() if each["image"] not in ours)
        self._compose.pull_missing(*others)

    def check(self) -> None:
        """Raises DeployError where Swarm cannot be told what the files say; changes nothing."""
        document = json.dumps(self._document)
        self._commands.ask("docker", "stack", "config", "--compose-file=-", given=document)

    @property
    def services(self) -> frozenset[str]:
        """Those it has."""
        return frozenset(self._document["services"])

    def content(self, service: str) -> str:
        """A digest of everything that makes a service what it is: image, settings, secrets."""
        return digest(json.dumps(self._document["services"][service], sort_keys=True).encode())

    def create_networks(self) -> None:
        """Have all networks: what runs once joins them before the first service is there."""
        filtered = ("--filter", f"label={OF_STACK}")
        listing = ("docker", "network", "ls", "--format", "{{.Name}}", *filtered)
        there = self._commands.ask(*listing).split()
        for each in self._document["networks"].values():
            options = [f"--{word}" for word in ("attachable", "internal") if each.get(word)]
            options += [f"--subnet={c['subnet']}" for c in each["ipam"].get("config", ())]
            if each["name"] not in there:
                create = ("docker", "network", "create", f"--driver={each['driver']}")
                self._commands.run(*create, f"--label={OF_STACK}", *options, each["name"])

    def replicas(self, service: str) -> int:
        """How many there are to be."""
        return int(self._document["services"][service]["deploy"].get("replicas", 1))

    def deploy(self, service: str) -> None:
        """Tell Swarm of a service; it goes on by itself. One that is so already is left alone."""
        document = dict(self._document)
        wanted = dict(document["services"][service])
        labels = {SERVICE: service, CONTENT: self.content(service)}
        wanted["labels"] = {**wanted.get("labels", {}), **labels}
        document["services"] = {service: wanted}
        for kind in ("secrets", "configs"):
            used = {each["source"] for each in wanted.get(kind, ())}
            document[kind] = {name: document[kind][name] for name in used}
        self._commands.run(
            *("docker", "stack", "deploy", "--detach=true", "--resolve-image=never"),
            *("--compose-file=-", PROJECT),
            given=json.dumps(document),
        )

    @cached_property
    def _read(self) -> dict[str, Any]:
        """The files as one, with all variables filled in."""
        found: dict[str, Any] = json.loads(self._compose.ask("config", "--format", "json"))
        del found["name"]
        found["services"] = {
            name: each
            for name, each in found["services"].items()
            # What a server's own file says of the set-up and the tools is not the stack's.
            if "endpoint_mode" in each.get("deploy", {})
        }
        used = {n for each in found["services"].values() for n in each.get("networks", ())}
        found["networks"] = {name: e for name, e in found["networks"].items() if name in used}
        for name, each in found["networks"].items():
            if each.get("driver") != "overlay":
                raise DeployError(f"networks: {name}: the stack has overlay networks of its own")
        return found

    @cached_property
    def _document(self) -> dict[str, Any]:
        """The same as Swarm is told it, each image by its content.

        Secrets and configs are named by what they hold: a service with a new one is replaced, and
        the others are not.
        """
        found, secrets = dict(self._read), self._release.secrets
        found["services"] = {name: self._service(e) for name, e in found["services"].items()}
        for name, each in found.get("secrets", {}).items():
            if Path(each.get("file", "")).parent != self._release.settings.parent:
                raise DeployError(f"secrets: {name}: write it as those of deploy/stack.yml")
            if not secrets.get(name):
                raise DeployError(f"{self._release.settings}: {name} is not set")
            write_private(Path(each["file"]), secrets[name])
        for kind in ("secrets", "configs"):
            for name, each in found.setdefault(kind, {}).items():
                if "file" not in each:
                    raise DeployError(f"{kind}: {name}: a deployment takes them from files alone")
                content = digest(Path(each["file"]).read_bytes())
                each["name"] = f"{f'{PROJECT}-{name}'[:_NAME]}-{content}"
        return found

    def _service(self, given: dict[str, Any]) -> dict[str, Any]:
        made = {n: e for n, e in given.items() if e is not None and n not in _OF_COMPOSE}
        made["image"] = self._image(made["image"])
        for port in made.get("ports", ()):
            if not port["published"].isdecimal():
                raise DeployError(f"{self._release.settings}: {port['published']!r} is no port")
            port["published"] = int(port["published"])
        return made

    def _image(self, name: str) -> str:
        """By its content: the registry's digest, or the engine's own where it was built here."""
        found = json.loads(self._commands.ask("docker", "image", "inspect", name))[0]
        named: str = (found["RepoDigests"] or [found["Id"]])[0]
        return named
