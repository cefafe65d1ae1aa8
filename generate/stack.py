"""The stack file of Docker Swarm, which follows from docker-compose.yml.

A deployment brings in what runs all the time; what is run once, and the tools, stay Docker
Compose's. Swarm's reader knows less: what it would ignore is said in its own words here, or
refused.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from openapi.errors import InvalidDocumentError

_STACK = "deploy/stack.yml"
_TOOLS = "deploy/docker-compose.server.yml"
_COMPOSE = "docker-compose.yml"
_PROJECT = "aware"

_SECRET = re.compile(r"\$\{(?P<name>[A-Z0-9_]*(?:PASSWORD|API_KEYS))(?::[?-].*)?\}")
_GATEWAY = "kong"
_PRIVILEGES = "no-new-privileges:true"
_OUTER = "outer"
"""The network that is not of the inside: nothing joins it from without."""

_SAME = (
    *("image", "init", "user", "hostname", "entrypoint", "command", "read_only"),
    *("cap_drop", "logging", "stop_grace_period", "healthcheck", "networks"),
)
"""What both readers understand alike."""

_KINDS: Mapping[str, type] = {"environment": dict, "volumes": list, "tmpfs": list}
_SAID_OTHERWISE = ("environment", "mem_limit", "pids_limit", "ports", "tmpfs", "volumes")
_LEFT_OUT = (
    "build",  # a deployment builds with Docker Compose
    "pull_policy",  # a deployment pulls what is missing
    "depends_on",  # a deployment has its order, and all connect again
    "restart",  # Swarm starts again what has ended
    "security_opt",  # the engine's setting no-new-privileges is for all containers
)

# On a server the gateway speaks TLS, and its Admin API and metrics listen in networks of their own.
# A name of the container is not known there before it is healthy, but its addresses are.
_ADMIN, _STATUS = "${GATEWAY_ADMIN_NETWORK:-10.213.1}", "${GATEWAY_STATUS_NETWORK:-10.213.2}"
_LISTEN = """\
own() { grep -o "^$$1\\.[0-9]*" /etc/hosts || { echo "gateway: no address in $$1" >&2; exit 2; }; }
KONG_ADMIN_LISTEN=$$(own "$$0"):8001 && KONG_STATUS_LISTEN=$$(own "$$1"):8007 && shift || exit
export KONG_ADMIN_LISTEN KONG_STATUS_LISTEN && exec "$$@"
"""
_SUBNETS = {"admin": _ADMIN, "status": _STATUS}
_DRAIN_AFTER = 4
_RETRIES = 4
"""At 30 s each: a machine that is busy for a minute is no reason to end the gateway."""
_TLS = ("GATEWAY_TLS_CERTIFICATE", "GATEWAY_TLS_KEY")


def stack(compose: str, root: Path) -> dict[str, str]:
    """The files of a server, by the text of docker-compose.yml in the repository `root`.

    Raises InvalidDocumentError where that says what cannot be said to Swarm.
    """
    try:
        document = yaml.safe_load(compose)
    except yaml.YAMLError as error:
        raise InvalidDocumentError(f"{_COMPOSE}: {' '.join(str(error).split())}") from error
    made = _stack(document, root)
    joined = "".join(
        f"  {name}: !override {{external: true, name: {_PROJECT}_{name}}}\n"
        for name in made["networks"]
    )
    return {
        _STACK: _text("What runs on a server, by Docker Swarm; deploy.sh brings it in.", made),
        _TOOLS: f"{_head('What runs once joins the networks of the stack.')}networks:\n{joined}",
    }


def _stack(document: Mapping[str, Any], root: Path) -> dict[str, Any]:
    secrets, configs = dict[str, Any](), dict[str, Any]()
    services = {
        name: _Service(name, each, root, secrets, configs).document()
        for name, each in document["services"].items()
        if each.get("restart") != "no" and "profiles" not in each
    }
    used = [network for each in services.values() for network in each["networks"]]
    return {
        "services": services,
        "networks": {
            name: _network(name, each or {})
            for name, each in document["networks"].items()
            if name in used
        },
        "volumes": {name: {} for each in services.values() for name in _volumes(each)},
        "secrets": secrets,
        "configs": configs,
    }


def _text(what: str, document: Mapping[str, Any]) -> str:
    """YAML without anchors: it is read by people, too."""
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return f"{_head(what)}{text}"


def _head(what: str) -> str:
    return f"# Generated from {_COMPOSE}. {what}\n"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - the library's
        """Nothing is said by reference."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """A text."""
        style = "|" if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


class _Service:
    """One, with what it adds to the secrets and configs of all."""

    def __init__(
        self,
        name: str,
        given: Mapping[str, Any],
        root: Path,
        secrets: dict[str, Any],
        configs: dict[str, Any],
    ) -> None:
        self._name, self._given, self._root = name, given, root
        self._secrets, self._configs = secrets, configs
        for word in given:
            if word not in (*_SAME, *_SAID_OTHERWISE, *_LEFT_OUT):
                raise self._refusal(word, "a deployment does not know how to tell Swarm that")
        for word, kind in _KINDS.items():
            if not isinstance(given.get(word, kind()), kind):
                written = "by name" if kind is dict else "as a list"
                raise self._refusal(word, f"write it {written}, which is understood here")
        if given.get("security_opt", [_PRIVILEGES]) != [_PRIVILEGES]:
            raise self._refusal("security_opt", f"{_PRIVILEGES} is the engine's; it has no other")
        if any(":" in each for each in given.get("tmpfs", ())):
            raise self._refusal("tmpfs", "name the folder alone, without options")
        if "build" in given and name != _GATEWAY:
            raise self._refusal("build", "a deployment pulls its image: leave this out")
        if not given.get("networks"):
            raise self._refusal("networks", "name those it is to be in")

    def document(self) -> dict[str, Any]:
        """It as the stack file says it."""
        given = self._given
        made = {word: given[word] for word in _SAME if word in given}
        if "healthcheck" in made:
            made["healthcheck"] = _health(made["healthcheck"])
        made["networks"] = _by_name(given.get("networks", ()))
        environment = dict(self._environment())
        volumes = [*self._volumes()]
        scratch = [{"type": "tmpfs", "target": each} for each in given.get("tmpfs", ())]
        if volumes or scratch:
            made["volumes"] = [*scratch, *volumes]
        if self._name == _GATEWAY:
            environment |= self._gateway(made)
        elif "ports" in given:
            raise self._refusal("ports", "Swarm publishes to every address: leave them out")
        elif volumes:
            # Its data is kept under its name.
            made["hostname"] = self._name
        if "DRAIN_SECONDS" in environment:
            # Told to end, its name no longer leads to it, and the gateway is still to hear of that.
            environment["DRAIN_AFTER_SECONDS"] = _DRAIN_AFTER
        made["environment"] = environment
        secrets = [name for name in self._secrets if f"/run/secrets/{name}" in environment.values()]
        if secrets:
            made["secrets"] = secrets
        configs = [*self._files()]
        if configs:
            made["configs"] = configs
        limits = {"memory": given.get("mem_limit"), "pids": given.get("pids_limit")}
        made["deploy"] = {
            # A name has the addresses of all replicas, as in Docker Compose: the gateway counts.
            "endpoint_mode": "dnsrr",
            "update_config": {
                # A port has one owner, and so has a folder of a database.
                "order": "stop-first" if volumes else "start-first",
                "failure_action": "pause",
            },
            "restart_policy": {"condition": "any", "delay": "1s"},
            "resources": {"limits": {name: each for name, each in limits.items() if each}},
        }
        if _of_release(made["image"]):
            setting = f"{self._name.replace('-', '_').upper()}_REPLICAS"
            made["deploy"]["replicas"] = f"${{{setting}:-1}}"
            made["labels"] = {"aware.release": "${AWARE_VERSION:?is set by deploy.sh}"}
        return made

    def _environment(self) -> Iterator[tuple[str, Any]]:
        """The variables, but for secrets, which are in files."""
        for name, value in self._given.get("environment", {}).items():
            secret = _SECRET.fullmatch(str(value))
            if secret is None:
                yield name, value
            else:
                yield self._secret(name, secret["name"])

    def _secret(self, variable: str, setting: str) -> tuple[str, str]:
        self._secrets[setting] = {"file": f"${{AWARE_SECRETS:?is set by deploy.sh}}/{setting}"}
        return f"{variable}_FILE", f"/run/secrets/{setting}"

    def _gateway(self, made: dict[str, Any]) -> dict[str, Any]:
        """What the one that the world reaches is told besides."""
        command = made.pop("entrypoint", ["/gateway/docker-entrypoint.sh"])
        made["entrypoint"] = ["bash", "-c", _LISTEN, _ADMIN, _STATUS]
        made["command"] = [*command, *made.pop("command", ())]
        made["ports"] = [_port("${GATEWAY_PORT:-443}", 8443)]
        return {
            "GATEWAY_ADDRESS": "0.0.0.0",  # noqa: S104 - Swarm publishes to every address
            "GATEWAY_TLS_LISTEN": "0.0.0.0:8443",
            **dict(self._secret(name, name) for name in _TLS),
        }

    def _volumes(self) -> Iterator[str]:
        """Those with a name."""
        for text in self._given.get("volumes", ()):
            source = text.partition(":")[0] if isinstance(text, str) else "what is written so"
            if re.fullmatch(r"[\w-][\w.-]*", source):
                yield text
            elif not source.startswith("./"):
                raise self._refusal("volumes", f"{source} is neither a volume nor a file of ours")

    def _files(self) -> Iterator[dict[str, str]]:
        """Files of the repository, which are configs."""
        for text in self._given.get("volumes", ()):
            source, target, *_ = text.split(":")
            if source.startswith("./"):
                if (self._root / source).is_dir():
                    raise self._refusal("volumes", f"{source} is a folder: name its files")
                name = source.removeprefix("./").replace("/", "-")
                self._configs[name] = {"file": f".{source}"}
                yield {"source": name, "target": target}

    def _refusal(self, word: str, why: str) -> InvalidDocumentError:
        return InvalidDocumentError(f"{_COMPOSE}: services.{self._name}.{word}: {why}")


def _health(given: Mapping[str, Any]) -> dict[str, Any]:
    """A check by which Swarm ends what is ill: not at once, and not for what it waits for."""
    test = ["started" if each == "ready" else each for each in given["test"]]
    return {**given, "test": test, "retries": _RETRIES}


def _of_release(image: str) -> bool:
    """Whether each release has another: the gateway's need not be."""
    return image.startswith("${AWARE_IMAGE") and "-gateway:" not in image


def _by_name(networks: Any) -> dict[str, Any]:  # noqa: ANN401 - a list of names, or by name
    return {name: {} for name in networks} if isinstance(networks, list) else {**networks}


def _port(published: str, target: int) -> dict[str, Any]:
    """Of the machine itself, so that the gateway sees who calls it."""
    return {"target": target, "published": published, "mode": "host"}


def _network(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Over all machines; what is run once, and the tools, join the inner ones by themselves."""
    made: dict[str, Any] = {"driver": "overlay", **given}
    if name != _OUTER:
        made["attachable"] = True
    if name in _SUBNETS:
        made["ipam"] = {"config": [{"subnet": f"{_SUBNETS[name]}.0/24"}]}
    return made


def _volumes(service: Mapping[str, Any]) -> list[str]:
    return [e.partition(":")[0] for e in service.get("volumes", ()) if isinstance(e, str)]
