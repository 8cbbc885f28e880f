"""The parameters that our calls pass exist in the installed botocore; run on the oldest one, too."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import xform_name

from tests.support.iam import handlers

CALLS = sorted(
    {
        (call.operation.service, call.operation.name, name)
        for handler in handlers().values()
        for call in handler.calls
        for name in call.parameters
    }
)


def members(service: str, method: str) -> set[str]:
    """Return the parameters that an operation takes."""
    session: Any = boto3.Session(region_name="us-east-1")
    model = session.client(service).meta.service_model
    name = next(name for name in model.operation_names if xform_name(name) == method)
    return set(model.operation_model(name).input_shape.members)


@pytest.mark.parametrize(("service", "method"), sorted({(call[0], call[1]) for call in CALLS}), ids=".".join)
def test_every_parameter_that_is_passed_exists(service: str, method: str) -> None:
    passed = {parameter for one, other, parameter in CALLS if (one, other) == (service, method)}

    assert passed <= members(service, method)
