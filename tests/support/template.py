"""`.chalice/resources.yaml` as plain data, with intrinsic functions as CloudFormation's JSON has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from ops.deploy.provision import TEMPLATE
from ops.stages import ROOT


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> dict[str, Any]:
    """Return the template."""
    found: dict[str, Any] = yaml.load((ROOT / TEMPLATE).read_text(), _Loader)
    return found


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the template's resources of a type, such as AWS::S3::Bucket."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == kind}
