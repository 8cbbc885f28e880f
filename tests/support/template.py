"""`.chalice/resources.yaml` as plain data, with intrinsic functions as CloudFormation's JSON has them."""

from __future__ import annotations

from functools import cache
from typing import Any

from ops.deploy.provision import TEMPLATE
from ops.deploy.template import parsed
from ops.stages import ROOT


@cache
def template() -> dict[str, Any]:
    """Return the template."""
    return parsed((ROOT / TEMPLATE).read_text())


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the template's resources of a type, such as AWS::S3::Bucket."""
    return {name: each for name, each in template()["Resources"].items() if each["Type"] == kind}
