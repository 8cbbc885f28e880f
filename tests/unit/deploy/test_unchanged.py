"""A function that is as the deploy would make it is left alone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from ops.deploy.unchanged import is_as_wanted

ZIP = b"zip"
WANTED: dict[str, Any] = {
    "zip_contents": ZIP,
    "environment_variables": {"STAGE": "dev"},
    "runtime": "python3.12",
    "timeout": 60,
    "memory_size": 512,
    "role_arn": "arn:aws:iam::123456789012:role/sluice-dev-reconcile",
    "tags": {"aws-chalice": "version=1"},
    "xray": None,
    "layers": [],
    "subnet_ids": [],
}
FOUND: dict[str, Any] = {
    "CodeSha256": b64encode(sha256(ZIP).digest()).decode(),
    "Environment": {"Variables": {"STAGE": "dev"}},
    "Runtime": "python3.12",
    "Timeout": 60,
    "MemorySize": 512,
    "Role": WANTED["role_arn"],
    "TracingConfig": {"Mode": "PassThrough"},
}


def test_an_equal_function_is_left_alone() -> None:
    assert is_as_wanted(FOUND, WANTED["tags"], WANTED)


@pytest.mark.parametrize(
    "change",
    [
        {"zip_contents": b"other"},
        {"environment_variables": {}},
        {"runtime": "python3.13"},
        {"timeout": 61},
        {"memory_size": 1024},
        {"role_arn": "other"},
        {"tags": {}},
        {"xray": True},
        {"layers": ["arn"]},
        {"subnet_ids": ["subnet-1"]},
    ],
)
def test_whatever_differs_is_updated(change: dict[str, Any]) -> None:
    assert not is_as_wanted(FOUND, WANTED["tags"], WANTED | change)


@pytest.mark.parametrize("state", [{"State": "Failed"}, {"LastUpdateStatus": "Failed"}])
def test_what_an_update_left_broken_is_updated_again(state: dict[str, str]) -> None:
    assert not is_as_wanted(FOUND | state, WANTED["tags"], WANTED)
