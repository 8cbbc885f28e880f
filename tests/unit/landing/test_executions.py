"""Names of executions and destinations: the seed's tables, and the limits AWS sets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.bucket import StoredObject
from chalicelib.events import MAX_KEY_BYTES, ObjectEvent
from chalicelib.landing.catalog import Upload
from chalicelib.landing.executions import execution_name, sanitize
from chalicelib.landing.jobs import normalize
from chalicelib.moves import destination_keys, file_name

MOMENT = datetime(2025, 1, 19, 14, 30, 52, tzinfo=UTC)
keys = st.text(st.characters(codec="utf-8"), min_size=1).filter(
    lambda key: len(key.encode()) <= MAX_KEY_BYTES
)


def _upload(key: str) -> Upload:
    event = ObjectEvent("bucket", key, 1, "etag", "ObjectCreated:Put", MOMENT)
    return Upload("bucket", StoredObject(key, 1, "etag", MOMENT), event)


@pytest.mark.parametrize(
    ("text", "sanitized"),
    [
        ("customers.csv", "customers-csv"),
        ("data/in/file.csv", "data-in-file-csv"),
        ("File (1).csv", "File-1-csv"),
        ("Customer Data (2024).csv", "Customer-Data-2024-csv"),
        ("file@#$%.csv", "file-csv"),
        (
            "very_long_file_name_that_exceeds_fifty_characters_limit.csv",
            "very_long_file_name_that_exceeds_fifty_characters_",
        ),
        ("日本", ""),
    ],
)
def test_sanitize_keeps_what_an_execution_name_may_hold(text: str, sanitized: str) -> None:
    assert sanitize(text) == sanitized


@pytest.mark.parametrize(
    ("text", "normalized"),
    [("Customers.CSV", "customers.csv"), ("  data.csv  ", "data.csv"), ("", ""), (None, "")],
)
def test_normalize_strips_and_lowers(text: str | None, normalized: str) -> None:
    assert normalize(text) == normalized


def test_an_execution_name_tells_file_time_and_identity() -> None:
    name = execution_name(_upload("data/in/customers.csv"))
    assert re.fullmatch(r"run-customers-csv-20250119143052-[0-9a-f]{8}", name)


@given(keys)
def test_an_execution_name_is_always_valid_and_always_the_same(key: str) -> None:
    name = execution_name(_upload(key))
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,80}", name)
    assert name == execution_name(_upload(key))


@given(keys, st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_destination_is_always_a_valid_key_below_its_prefix(key: str, identity: str) -> None:
    destinations = destination_keys("data/new_files/", file_name(key), identity)
    assert destinations
    assert destinations[-1].startswith(f"data/new_files/{identity[:8]}/")
    for destination in destinations:
        assert destination.startswith("data/new_files/")
        assert len(destination) > len("data/new_files/")
        assert len(destination.encode()) <= MAX_KEY_BYTES


def test_a_path_too_long_keeps_its_extension() -> None:
    (only,) = destination_keys("data/new_files/", "x" * 1020 + ".csv", "0" * 64)
    assert len(only.encode()) == MAX_KEY_BYTES
    assert only.endswith(".csv")
