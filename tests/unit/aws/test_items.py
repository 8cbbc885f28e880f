"""DynamoDB's attribute values."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

from chalicelib.aws.items import from_item, to_item, to_value

MOST = 10**38 - 1


@pytest.mark.parametrize("value", [0, -1, 7, MOST, -MOST, True, False, [1, True], {"a": 1}, b"1", "1"])
def test_a_value_is_written_as_boto3_writes_it(value: Any) -> None:
    assert to_value(value) == TypeSerializer().serialize(value)
    assert from_item(to_item({"a": value}))["a"] == value or isinstance(value, bytes)


def test_a_number_of_more_digits_than_dynamodb_keeps_is_refused() -> None:
    with pytest.raises(ArithmeticError):
        to_value(MOST + 2)
