"""Names, dates and rows of NDJSON files."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.events import ObjectEvent
from chalicelib.ndjson.tracking import (
    File,
    Standing,
    Status,
    extract_date_and_filename,
    file_of,
    row_names,
    standing_of,
    tracking_row,
)

NOW = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "date", "name"),
    [
        ("folder1/2025-12-23-file001.ndjson", "2025-12-23", "2025-12-23-file001.ndjson"),  # seed 003
        ("data/file.ndjson", "2026-01-15", "file.ndjson"),  # seed 003
        ("2025-12-23/file.ndjson", "2025-12-23", "file.ndjson"),
        ("2025-13-45/file.ndjson", "2026-01-15", "file.ndjson"),
        ("2025-02-29/2024-02-29.ndjson", "2024-02-29", "2024-02-29.ndjson"),
        ("12025-12-231.ndjson", "2025-12-23", "12025-12-231.ndjson"),
        ("2025-13-2025-12-23.ndjson", "2025-12-23", "2025-13-2025-12-23.ndjson"),
        ("٢٠٢٥-١٢-٢٣.ndjson", "2026-01-15", "٢٠٢٥-١٢-٢٣.ndjson"),
        ("0000-01-01.ndjson", "2026-01-15", "0000-01-01.ndjson"),
        ("folder/", "2026-01-15", "folder/"),
        ("/", "2026-01-15", "/"),
    ],
)
def test_the_date_and_file_name_of_a_key(key: str, date: str, name: str) -> None:
    assert extract_date_and_filename(key, NOW) == (date, name)


def test_the_events_date_is_that_of_utc() -> None:
    early = datetime.fromisoformat("2026-01-16T01:30:00+03:00")

    assert extract_date_and_filename("x.ndjson", early)[0] == "2026-01-15"


@given(st.text(min_size=1, max_size=300))
def test_every_key_has_a_name_and_rows_that_dynamodb_takes(key: str) -> None:
    key = key.encode(errors="ignore").decode() or "k"
    file = file_of(ObjectEvent("b", key, 1, "e", "ObjectCreated:Put", NOW))

    names = list(islice(row_names(file.path, file.name), 4))

    assert len(set(names)) == 4
    assert all(0 < len(name.encode()) <= 1024 for name in names)


def _file(key: str = "in/a.ndjson", etag: str = "1", sequencer: str = "", current: str = "") -> File:
    return File("b", key, 1, etag, sequencer, "2026-01-15", "a.ndjson", current)


def test_paths_of_one_name_have_rows_of_their_own() -> None:
    first, second = (list(islice(row_names(f"s3://b/{folder}/a", "a"), 3)) for folder in "ab")

    assert set(first) & set(second) == {"a"}


@pytest.mark.parametrize(
    ("row", "file", "status", "standing"),
    [
        (("1", Status.PENDING), _file(), Status.PENDING, Standing.SAME),
        (("1", Status.MANIFESTED), _file(), Status.PENDING, Standing.SAME),
        (("1", Status.MANIFESTED), _file(etag="2"), Status.PENDING, Standing.TAKEN),
        (("1", Status.PENDING), _file(etag="2"), Status.PENDING, Standing.REPLACED),
        (("1", Status.PENDING), _file(etag="2"), Status.QUARANTINED, Standing.REPLACED),
        (("1", Status.PENDING), _file(etag="2"), Status.VANISHED, Standing.SAME),
        (("1", Status.PENDING), _file("other/a.ndjson"), Status.PENDING, Standing.TAKEN),
        (("1", Status.PENDING), _file(etag="0", current="1"), Status.PENDING, Standing.SAME),
        (("1", Status.QUARANTINED), _file(), Status.QUARANTINED, Standing.SAME),
        (("1", Status.QUARANTINED), _file(), Status.PENDING, Standing.REPLACED),
        (("1", Status.VANISHED), _file(), Status.PENDING, Standing.REPLACED),
        (("1", Status.RELEASED), _file(etag="2"), Status.PENDING, Standing.REPLACED),
        (("1", Status.PENDING, "0B"), _file(etag="2", sequencer="0A"), Status.PENDING, Standing.NEWER),
        (("1", Status.PENDING, "0A"), _file(etag="2", sequencer="0A"), Status.PENDING, Standing.REPLACED),
        (("1", Status.MANIFESTED, "0B"), _file(etag="2", sequencer="0A"), Status.PENDING, Standing.NEWER),
    ],
)
def test_what_a_row_means_for_a_file(
    row: tuple[str, ...], file: File, status: Status, standing: Standing
) -> None:
    etag, was, *sequencer = row
    stored = tracking_row(_file(etag=etag, sequencer="".join(sequencer)), "a.ndjson", Status(was), NOW)

    assert standing_of(stored, file, status) is standing


def test_sequencers_compare_padded_on_the_right() -> None:
    events = [ObjectEvent("b", "k", 1, "e", "n", NOW, sequencer=text) for text in ("0a", "0A00", "0a01")]
    first, second, third = (file_of(event).sequencer for event in events)

    assert first == second < third
