"""The beginning of gzip files: unpacked no further than asked, whole or cut, and what is none."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.packed import UnpackError, kind_of, unpack

TEXT = b'{"a": 1}\n' * 1000
PACKED = gzip.compress(TEXT, mtime=0)  # names tests, so always the same


def test_a_whole_file_is_unpacked() -> None:
    assert unpack(gzip.compress(TEXT), 100_000, whole=True) == (TEXT, True)


def test_no_more_comes_out_than_was_asked_for() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 64_000
    assert unpack(bomb, 65_536, whole=True) == (b"\0" * 65_536, False)


def test_the_beginning_of_a_larger_file_is_unpacked() -> None:
    beginning, whole = unpack(gzip.compress(TEXT)[:60], 100_000, whole=False)
    assert (TEXT.startswith(beginning), len(beginning) > 10, whole) == (True, True, False)


def test_streams_one_behind_the_other_are_one_file() -> None:
    packed = gzip.compress(TEXT) + gzip.compress(b"") + gzip.compress(b"{}") + b"\0" * 512
    assert unpack(packed, 100_000, whole=True) == (TEXT + b"{}", True)


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (TEXT, "is named as gzip, and is not"),
        (PACKED[:-4], "cut off"),
        (PACKED + b"more", "is broken"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 50, "is broken"),
        (PACKED[:-8] + b"\0" * 8, "is broken"),
    ],
)
def test_what_is_no_gzip_says_so(packed: bytes, told: str) -> None:
    with pytest.raises(UnpackError, match=told):
        unpack(packed, 100_000, whole=True)


@given(st.binary(), st.booleans())
def test_no_bytes_break_it(tail: bytes, whole: bool) -> None:
    for packed in (tail, b"\x1f\x8b\x08" + tail, gzip.compress(b"{}") + tail):
        assert isinstance(kind_of(packed), str)
        try:
            unpacked, _ = unpack(packed, 1000, whole=whole)
        except UnpackError:
            continue
        assert len(unpacked) <= 1000
