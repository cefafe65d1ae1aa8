"""Each rule that the specs must keep can fail, and says where."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from generate.lint import CONFIG, lint
from generate.node import NodeError
from generate.sources import Sources
from services.reading import read
from tests.declaring import copy_declared
from tests.generate.copying import ROOT

RESPONSES = "shared.yaml#/components/responses"

BROKEN = {
    "rule/string-has-limit": ("{type: string, maxLength: 500}", "{type: string}"),
    "rule/number-has-limits": ("{type: number, format: double, minimum: 0,", "{type: number,"),
    "rule/array-has-limit": ("      maxItems: 200\n", ""),
    "rule/body-has-example": ("            example: {orderStatus: shipping}\n", ""),
    "rule/errors-of-every-operation": (
        f"        '503': {{$ref: '{RESPONSES}/ServiceUnavailable'}}\n",
        "",
    ),
    "rule/errors-of-a-body": (f"        '413': {{$ref: '{RESPONSES}/PayloadTooLarge'}}\n", ""),
    "rule/errors-of-an-id": (f"        '404': {{$ref: '{RESPONSES}/NotFound'}}\n", ""),
    "rule/errors-of-the-gateway": (f"        '401': {{$ref: '{RESPONSES}/Unauthorized'}}\n", ""),
    "rule/errors-are-problems": (
        f"        '415': {{$ref: '{RESPONSES}/UnsupportedMediaType'}}\n",
        "        '415': {description: What?, content: {text/plain: {example: What?}}}\n",
    ),
    "operation-operationId": ("      operationId: update_order_details\n", ""),
    "operation-operationId-unique": (
        "      operationId: update_order_status\n",
        "      operationId: get_order\n",
    ),
    "operation-operationId-url-safe": ("operationId: list_orders", "operationId: 'liste€'"),
    "operation-summary": ("      summary: One order\n", ""),
    "operation-tag-defined": ("      tags: [orders]\n", "      tags: [disorders]\n"),
    "operation-2xx-response": ("        '200':\n", "        '302':\n"),
    "operation-4xx-response": (
        "  /orders/{id}:\n",
        "  /orders: {get: {responses: {'200': {description: All.}}}}\n\n  /orders/{id}:\n",
    ),
    "path-parameters-defined": ("  /orders/{id}/details:\n", "  /orders/{key}/details:\n"),
    "path-not-include-query": ("  /orders/{id}/status:\n", "  /orders/{id}/status?quick:\n"),
    "no-identical-paths": ("  /orders/{id}:\n", "  /orders/{order}: {}\n\n  /orders/{id}:\n"),
    "no-ambiguous-paths": ("  /orders/{id}:\n", "  /{things}/{id}: {}\n\n  /orders/{id}:\n"),
    "no-unresolved-refs": (f"{RESPONSES}/BadRequest", f"{RESPONSES}/WorseRequest"),
    "no-unused-components": ("    Items:\n", "    Unused: {type: boolean}\n    Items:\n"),
    "no-enum-type-mismatch": ("shipping, delivered]", "shipping, delivered, 4]"),
    "no-required-schema-properties-undefined": (
        "required: [itemId, quantity, price]",
        "required: [itemId, quantity, price, colour]",
    ),
    "no-invalid-schema-examples": ("maximum: 1000000, example: 2}", "example: two}"),
    "no-invalid-media-type-examples": ("[newemail@example.com]", "newemail@example.com"),
    "no-invalid-parameter-examples": ("          example: 20\n", "          example: many\n"),
    "security-defined": ("[{}, {apiKey: []}]", "[{}, {oauth: []}]"),
    "info-license": ("  license: {name: MIT, url: 'https://opensource.org/license/mit'}\n", ""),
    "info-contact": ("  contact: {name: Aware Micro-Services}\n", ""),
    "struct": ("      summary: Change an order's e-mail", "      sumary: Change an order's e-mail"),
}
"""Rule: a text of order.yaml, and what stands in the place of its last occurrence to break it."""


@pytest.fixture
def specs_alone(sources: Sources, tmp_path: Path) -> Sources:
    """A repository of specs and rules; its documents are as they were before any edit."""
    assert [*lint(sources)] == []  # which also installs the linter
    copy_declared(tmp_path)
    shutil.copy2(ROOT / "package-lock.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return replace(sources, root=tmp_path, declared=read(tmp_path))


def test_each_rule_says_so_when_it_is_broken(specs_alone: Sources) -> None:
    """`file:line: rule: what it asks`; all at once, for a run of the linter takes a second."""
    spec = specs_alone.root / "specs" / "order.yaml"
    text = spec.read_text("utf-8")
    for rule, (old, new) in BROKEN.items():
        before, found, after = text.rpartition(old)
        assert found, rule
        text = before + new + after
    spec.write_text(text, "utf-8")
    lines = [*lint(specs_alone)]
    assert BROKEN.keys() - {line.split(": ")[1] for line in lines} == set()
    assert all(line.split(":")[1].isdigit() for line in lines)


def test_every_rule_is_among_those_that_are_broken() -> None:
    """A rule that nobody has seen fail may be one that cannot."""
    rules = yaml.safe_load((ROOT / CONFIG).read_text("utf-8"))["rules"]
    assert {name for name, level in rules.items() if level} == BROKEN.keys()  # `off` is false


def test_rules_that_cannot_be_read_are_no_success(specs_alone: Sources) -> None:
    """Else a typing error would switch every rule off."""
    (specs_alone.root / CONFIG).write_text("rules: [", "utf-8")
    with pytest.raises(NodeError, match="redocly lint"):
        list(lint(specs_alone))
