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
    FileStatus,
    Verdict,
    extract_date_and_filename,
    file_of,
    row_names,
    tracking_row,
    verdict_on,
)

NOW = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "date", "name"),
    [
        ("folder1/2025-12-23-file001.ndjson", "2025-12-23", "2025-12-23-file001.ndjson"),
        ("data/file.ndjson", "2026-01-15", "file.ndjson"),
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
    ("row", "file", "status", "verdict"),
    [
        (("1", FileStatus.PENDING), _file(), FileStatus.PENDING, Verdict.SAME),
        (("1", FileStatus.MANIFESTED), _file(), FileStatus.PENDING, Verdict.SAME),
        (("1", FileStatus.MANIFESTED), _file(etag="2"), FileStatus.PENDING, Verdict.TAKEN),
        (("1", FileStatus.PENDING), _file(etag="2"), FileStatus.PENDING, Verdict.REPLACED),
        (("1", FileStatus.PENDING), _file(etag="2"), FileStatus.QUARANTINED, Verdict.REPLACED),
        (("1", FileStatus.PENDING), _file(etag="2"), FileStatus.VANISHED, Verdict.SAME),
        (("1", FileStatus.PENDING), _file("other/a.ndjson"), FileStatus.PENDING, Verdict.TAKEN),
        (("1", FileStatus.PENDING), _file(etag="0", current="1"), FileStatus.PENDING, Verdict.SAME),
        (("1", FileStatus.QUARANTINED), _file(), FileStatus.QUARANTINED, Verdict.SAME),
        (("1", FileStatus.QUARANTINED), _file(), FileStatus.PENDING, Verdict.REPLACED),
        (("1", FileStatus.VANISHED), _file(), FileStatus.PENDING, Verdict.REPLACED),
        (("1", FileStatus.RELEASED), _file(etag="2"), FileStatus.PENDING, Verdict.REPLACED),
        (("1", FileStatus.PENDING, "0B"), _file(etag="2", sequencer="0A"), FileStatus.PENDING, Verdict.NEWER),
        (
            ("1", FileStatus.PENDING, "0A"),
            _file(etag="2", sequencer="0A"),
            FileStatus.PENDING,
            Verdict.REPLACED,
        ),
        (
            ("1", FileStatus.MANIFESTED, "0B"),
            _file(etag="2", sequencer="0A"),
            FileStatus.PENDING,
            Verdict.NEWER,
        ),
    ],
)
def test_what_a_row_means_for_a_file(
    row: tuple[str, ...], file: File, status: FileStatus, verdict: Verdict
) -> None:
    etag, was, *sequencer = row
    stored = tracking_row(_file(etag=etag, sequencer="".join(sequencer)), "a.ndjson", FileStatus(was), NOW)

    assert verdict_on(stored, file, status) is verdict


def test_sequencers_compare_padded_on_the_right() -> None:
    events = [ObjectEvent("b", "k", 1, "e", "n", NOW, sequencer=text) for text in ("0a", "0A00", "0a01")]
    first, second, third = (file_of(event).sequencer for event in events)

    assert first == second < third
