"""The state document's layout, written and read back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.discovery import state_document as document
from chalicelib.discovery.state_document import OtherLayout
from chalicelib.discovery.state_spool import StateSpool
from chalicelib.discovery.stored_state import entries

AT = "2026-01-31T00:00:00Z"
text = st.text(st.characters(codec="utf-8"), max_size=8)


def spooled(keys: list[str], resume_after: str) -> bytes:
    with StateSpool() as spool:
        for key in keys:
            spool.write([document.entry(key, 1, "a", "e", AT)])
        return spool.body(resume_after).read()


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    return iter(body[at : at + size] for at in range(0, len(body), size))


@given(keys=st.sets(text.filter(bool), max_size=6), resume_after=text, size=st.integers(1, 99))
@example(keys={'":{', '","', "\\", '\\":{', "\u2028\n\r\x00"}, resume_after='"files":{', size=1)
@settings(deadline=None)
def test_what_is_written_is_one_json_document_and_reads_back(
    keys: set[str], resume_after: str, size: int
) -> None:
    body = spooled(sorted(keys), resume_after)
    loaded = json.loads(body)
    assert list(loaded["files"]) == sorted(keys, key=str.encode)
    assert loaded.get("resume_after", "") == resume_after
    assert body.count(b"\n") == len(keys) + 1
    first = body.partition(b"\n")[0]
    assert (first, document.resume_after_of(first)) == (document.header(resume_after), resume_after)
    lines = list(entries(chunked(body, size)))
    assert [document.key_of(line, 2) for line in lines] == sorted(keys)
    assert document.normalised(body, "s3://b/k") == (resume_after, lines)


@given(key=text.filter(bool), size=st.integers(0, 10**13), folder=text, etag=text, other=text)
@example(key='"', size=1, folder="a", etag="e", other="e1")
def test_a_written_line_is_that_of_its_file_until_the_file_changes(
    key: str, size: int, folder: str, etag: str, other: str
) -> None:
    line = document.entry(key, size, folder, etag, AT)
    assert document.is_unchanged(line, document.unchanged_start(key, size, folder, etag))
    assert document.is_unchanged(line, document.unchanged_start(key, size, folder, other)) is (etag == other)
    assert not document.is_unchanged(line, document.unchanged_start(key, size + 1, folder, etag))
    with_more = line[:-1] + b',"by":"Z"}'
    assert not document.is_unchanged(with_more, document.unchanged_start(key, size, folder, etag))


def test_the_longest_place_to_go_on_from_fits_before_the_entries() -> None:
    longest = "\x01" * 1024  # every byte of it is escaped to six
    assert json.loads(spooled(["a"], longest))["resume_after"] == longest


def test_a_body_can_be_read_again_from_its_start_as_retries_do() -> None:
    with StateSpool() as spool:
        spool.write([document.entry("k", 1, "a", "e", AT)])
        body = spool.body("")
        whole = body.read()
        assert body.tell() == len(whole)
        assert body.seek(0) == 0
        assert body.read(7) + body.read() == whole
        assert body.seek(0, 2) == len(whole)
        assert (body.seekable(), body.readable()) == (True, True)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_document_cut_off_anywhere_near_its_end_is_noticed(cut: int) -> None:
    body = spooled(["a", "b"], "")
    with pytest.raises(OtherLayout):
        list(entries(iter([body[:-cut]])))


@pytest.mark.parametrize("extra", [b"\n{", b"\n}}", b" }"])
def test_anything_behind_the_end_is_noticed(extra: bytes) -> None:
    with pytest.raises(OtherLayout):
        list(entries(iter([spooled(["a"], "") + extra])))


def test_a_last_newline_is_no_fault() -> None:
    assert len(list(entries(iter([spooled(["a", "b"], "") + b"\n"])))) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"oops", "is not an entry"),
        (b'"a":{"status":"queued"', "is not an entry"),
        (b'"a":{},"b":{}', "holds 2 entries"),
        (b"", "holds 0 entries"),
        (b'"a":[]', "is not an object"),
        (b'"a":{"status":1}', "has status=1, expected str"),
        (b'"a":' + b"[" * 100_000, "is not an entry"),
    ],
)
def test_a_broken_line_behind_a_right_header_is_named(line: bytes, says: str) -> None:
    with pytest.raises(OtherLayout, match=f"^line 7 .*{says}"):
        document.fields_of(line, 7)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"oops", "is not an entry"),
        (b'"a\xff":{', "a key that cannot be read"),
        (b'"\\q":{', "a key that cannot"),
    ],
)
def test_a_line_without_a_key_is_named(line: bytes, says: str) -> None:
    with pytest.raises(OtherLayout, match=f"^line 3 .*{says}"):
        document.key_of(line, 3)
