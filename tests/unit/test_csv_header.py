"""A file's first line against its job's columns: byte order marks, quotes, line ends, and long headers."""

from __future__ import annotations

import pytest

from chalicelib.csv_header import wrong_header

COLUMNS = ("id", "first name", "city")


@pytest.mark.parametrize(
    "start",
    [
        b"id,first name,city\n1,Ada,London\n",
        b"id,first name,city\r\n",
        b"id,first name,city\r1,Ada,London\r",
        b"id,first name,city",
        b"\xef\xbb\xbfid,first name,city\n",
        b'"id","first name","city"\n1,2,3\n',
    ],
)
def test_a_header_that_names_the_columns_passes(start: bytes) -> None:
    assert wrong_header(start, len(start), COLUMNS, ",") == ""


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"", "it is empty"),
        (b"\n1,2,3\n", "missing 'id', 'first name', 'city'"),
        (b"id,city\n", "missing 'first name'"),
        (b"id,first name,city,zip\n", "surplus 'zip'"),
        (b"id,first name,town\n", "missing 'city', surplus 'town'"),
        (b"id,first name,city,city\n", "surplus 'city'"),
        (b"id,city,first name\n", "in another order: column 2 is 'city', expected 'first name'"),
        (b"id;first name;city\n", "surplus 'id;first name;city'"),
        (b"ID,first name,city\n", "missing 'id', surplus 'ID'"),
        (b"1,Ada,London\n", "missing"),
        (b"\xff\xfei\x00d\x00", "it is UTF-16"),
        (b"id,\xff,city\n", "cannot be read as CSV in UTF-8"),
        (b"\x1f\x8b\x08\x00\x00", "it is compressed by gzip"),
        (b"id,\x8b,city\n", "cannot be read as CSV"),
    ],
)
def test_what_differs_is_said(start: bytes, told: str) -> None:
    assert told in wrong_header(start, len(start), COLUMNS, ",")


def test_the_delimiter_is_the_jobs_and_may_stand_in_quotes() -> None:
    assert wrong_header(b'"a;b";c\n', 8, ("a;b", "c"), ";") == ""
    assert wrong_header(b"a\tb\n", 4, ("a", "b"), "\t") == ""


def test_a_name_may_hold_a_line_end_in_quotes() -> None:
    assert wrong_header(b'"a\nb",c\n1,2\n', 13, ("a\nb", "c"), ",") == ""


LONG = tuple(f"column {number}" for number in range(1000))


@pytest.mark.parametrize("cut", [100, 4095, 4096])
def test_of_a_header_longer_than_what_is_read_the_beginning_counts(cut: int) -> None:
    line = ",".join(LONG).encode()
    assert wrong_header(line[:cut], len(line), LONG, ",") == ""
    assert wrong_header(b"x," + line[:cut], len(line), LONG, ",") != ""
    assert wrong_header(line[:cut], len(line), LONG[:2], ",") != ""


@pytest.mark.parametrize(
    "start", [b"\0" * 100, b'"id' + b"x" * 100, b"x" * 100, b"id,first name,city,", b"id,\xff"]
)
def test_what_is_seen_of_a_longer_header_must_begin_the_columns(start: bytes) -> None:
    assert wrong_header(start, 5000, COLUMNS, ",")


def test_a_character_that_is_cut_in_two_is_no_fault() -> None:
    start = "id,größe".encode()[:6]
    assert wrong_header(start, 5000, ("id", "größe"), ",") == ""
