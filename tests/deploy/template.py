"""The CloudFormation template as data."""

from typing import Any

import yaml

from tests.deploy.tools import ROOT

TEMPLATE = ROOT / "deploy/server.yaml"
Json = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which stand for themselves here."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, node: {suffix: node.value})


def template() -> Json:
    """All of it."""
    loaded: Json = yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def cloud_init() -> str:
    """The user data of the server, in clear."""
    text: str = template()["Resources"]["Server"]["Properties"]["UserData"]["Fn::Base64"]
    return text
