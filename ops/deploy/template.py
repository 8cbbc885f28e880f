"""`.chalice/resources.yaml` as plain data, intrinsic functions as CloudFormation's JSON writes them."""

from __future__ import annotations

import json
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    pass


def parsed(text: str) -> dict[str, Any]:
    """Return a template's text as plain data."""
    found: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader that knows intrinsics
    return found


def condensed(text: str) -> str:
    """Return a template as JSON without blanks.

    CloudFormation takes at most 51,200 bytes without a bucket to read a template from.
    """
    return json.dumps(_dense(parsed(text)), separators=(",", ":"))


def _dense(value: Any) -> Any:
    """Take the blanks out of the JSON documents that a template holds as text."""
    if isinstance(value, dict):
        return {key: _dense(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_dense(each) for each in value]
    is_document = isinstance(value, str) and value.startswith("{") and value.rstrip().endswith("}")
    return json.dumps(json.loads(value), separators=(",", ":")) if is_document else value


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)  # YAML has no other kind
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)
