"""Identity, rows and previews: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.bucket import StoredObject
from chalicelib.landing.catalog import (
    MAX_READ_BYTES,
    REPLACES,
    UploadStatus,
    bytes_to_read,
    content_preview,
    identify,
    row_timestamp,
)

SECOND = timedelta(seconds=1)
MOMENT = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def test_an_identity_depends_on_each_of_its_parts_and_nothing_else() -> None:
    base = identify("b", "k", "e", MOMENT)
    parts = [("B", "k", "e"), ("b", "K", "e"), ("b", "k", "E"), ("b", "ke", ""), ("bk", "", "e")]
    others = {identify(*part, MOMENT) for part in parts} | {identify("b", "k", "e", MOMENT + SECOND)}
    assert len(others | {base}) == 7
    assert identify("b", "k", "e", MOMENT.replace(microsecond=9)) == base
    assert identify("b", "k", "e", MOMENT.astimezone(timezone(timedelta(hours=5)))) == base


def test_a_timestamp_sorts_by_time() -> None:
    assert row_timestamp(MOMENT, "abcdef0123456789") == "2026-01-31T23:59:59Z#abcdef01"


def test_an_outcome_is_never_undone() -> None:
    for weak in (UploadStatus.RECEIVED, UploadStatus.VANISHED):
        assert not REPLACES[weak]
    assert REPLACES[UploadStatus.FAILED] == {
        UploadStatus.FAILED,
        UploadStatus.RECEIVED,
        UploadStatus.VANISHED,
    }
    replaced_by = {status for status, replaced in REPLACES.items() if UploadStatus.TRIGGERED in replaced}
    assert replaced_by == {UploadStatus.SUCCEEDED, UploadStatus.JOB_FAILED}
    assert UploadStatus.SUCCEEDED not in set().union(*REPLACES.values())


@given(st.text(), st.integers(0, 1000))
def test_a_preview_is_the_first_characters_of_the_text(text: str, chars: int) -> None:
    raw = text.encode()
    seen = raw[: bytes_to_read(chars)]
    found = StoredObject("notes.txt", len(raw), "e", MOMENT, "text/plain", first_bytes=seen)
    preview = content_preview(found, chars)
    assert len(seen) <= MAX_READ_BYTES
    assert preview == "" or text.removeprefix("\ufeff")[:chars] == preview
