"""The CloudFormation template as data."""

from pathlib import Path
from typing import Any

import yaml

from tests.deploy.tools import ROOT

TEMPLATE = ROOT / "deploy/server.yaml"
DEPLOY_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDuLoBYIPD0WXFmayw4Bcxl/7Uc7eJfSKv5rdRFkpIDO aware"
)
Json = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which stand for themselves here."""


_Loader.add_multi_constructor("!", lambda _loader, suffix, node: {suffix: node.value})


def template(root: Path = ROOT) -> Json:
    """All of it."""
    loaded: Json = yaml.load((root / TEMPLATE.relative_to(ROOT)).read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def cloud_init(deploy_key: str = DEPLOY_KEY, root: Path = ROOT) -> str:
    """The user data of the server, in clear, for the deploy key that is given."""
    user_data = template(root)["Resources"]["Server"]["Properties"]["UserData"]
    text: str = user_data["Fn::Base64"]["Sub"]
    return text.replace("${DeployKey}", deploy_key)
