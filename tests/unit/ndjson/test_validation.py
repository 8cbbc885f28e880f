"""The verdict over an NDJSON file, case by case."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.ndjson.validation import BOM, JUDGED_LINES, NO_LINES, check_lines, validate_file

LOW, HIGH = 104_858, 20_866_662


@pytest.mark.parametrize(
    ("key", "size", "valid"),
    [
        ("a.ndjson", LOW, True),
        ("a.ndjson", LOW - 1, False),
        ("a.ndjson", HIGH, True),
        ("a.ndjson", HIGH + 1, False),
        ("a.ndjson", 0, False),
        ("a.json", LOW, False),
        ("a.NDJSON", LOW, True),
        ("a.ndjson.gz", LOW, False),
        ("ndjson", LOW, False),
        (".ndjson", LOW, True),
    ],
)
def test_name_and_size(key: str, size: int, *, valid: bool) -> None:
    assert (validate_file(key, size, LOW, HIGH) == "") is valid


@pytest.mark.parametrize("key", ["a.ndjson.gz", "a.NDJSON.GZ", "a.ndjson"])
def test_further_endings_are_a_setting(key: str) -> None:
    assert validate_file(key, LOW, LOW, HIGH, (".ndjson", ".ndjson.gz")) == ""
    assert "expected .ndjson or .jsonl" in validate_file("a.csv", LOW, LOW, HIGH, (".ndjson", ".jsonl"))


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "Size 0.0kB out of range 0.10-19.90MB (0 bytes)"),
        (51_200, "Size 50.0kB out of range 0.10-19.90MB (51200 bytes)"),
        (20_971_520, "Size 20.00MB out of range"),
    ],
)
def test_small_sizes_are_told_in_kilobytes(size: int, told: str) -> None:
    assert validate_file("a.ndjson", size, LOW, HIGH).startswith(told)
    assert validate_file("a.ndjson", 1, 2048, HIGH) == "Size 0.0kB out of range 2.0kB-19.90MB (1 bytes)"


VALID = {
    "objects": b'{"a": 1}\n{"b": {}}\n',
    "no last line end": b'{"a": 1}\n{"b": 2}',
    "crlf": b'{"a": 1}\r\n{"b": 2}\r\n',
    "blank lines": b'\n  \n{"a": 1}\n\n',
    "bom": BOM + b'{"a": 1}\n',
    "unicode": '{"é": "🦀"}\n'.encode(),
    "a number beyond Python's limit": b'{"a": ' + b"9" * 5000 + b"}\n",
    "duplicate names": b'{"a": 1, "a": 2}\n',
    "escaped null": b'{"a": "\\u0000"}\n',
}


@pytest.mark.parametrize("name", VALID)
def test_valid_lines(name: str) -> None:
    assert check_lines(VALID[name], whole=True) == ""


INVALID = {
    "empty": (b"", "Empty"),
    "blank": (b"\n \r\n\t", "Empty"),
    "only a bom": (BOM, "Empty"),
    "no json": (b'{"a": 1}\nnope\n', "Line 2 is not JSON: Expecting value at column 1, near 'nope'"),
    "after blank lines": (
        b'\n\n{"a": 1}\n\n{"a" 1}\n',
        "Line 5 is not JSON: Expecting ':' delimiter at column 6",
    ),
    "two objects on a line": (b'{"a": 1} {"b": 2}\n', "Line 1 is not JSON: More follows the first value at"),
    "half a last line": (b'{"a": 1}\n{"b": ', "Line 2 is not JSON"),
    "nan": (b'{"a": NaN}\n', "Line 1 is not JSON: NaN is no JSON value"),
    "array": (b"[1]\n", "It is a JSON array, not one object a line"),
    "arrays": (b"[1]\n[2]\n", "Line 1 is not a JSON object but an array"),
    "an array behind an object": (b"{}\n[1]\n", "Line 2 is not a JSON object but an array"),
    "gzip": (gzip.compress(b"{}"), "It is compressed by gzip, not lines of JSON: name it .ndjson.gz"),
    "zip": (b"PK\x03\x04", "It is a ZIP archive"),
    "parquet": (b"PAR1", "It is a Parquet file"),
    "null": (b"null\n", "but null"),
    "text": (b'"a"\n', "but a text or number"),
    "number": (b"1\n", "but a text or number"),
    "boolean": (b"true\n", "but a boolean"),
    "latin-1": ('{"a": "é"}\n'.encode("latin-1"), "is not UTF-8"),
    "utf-16": ('{"a": 1}\n'.encode("utf-16"), "It is UTF-16, not UTF-8"),
    "a raw null": (b'{"a": "\x00"}\n', "is not JSON"),
    "a second bom": (BOM + BOM + b'{"a": 1}\n', "is not JSON"),
    "nested without end": (b'{"a":' * 60_000 + b"\n", "is nested too deeply"),
    "an object over two lines": (b'{},"x",{"a": [{}\n{}]}\n', "Line 1 is not JSON"),
    "as many objects as lines": (b'{},{"a": [{}\n{}]}\n', "Line 1 is not JSON"),
    "an array over many lines": (b'[\n{"a": 1}\n]', "It is a JSON array, not one object a line"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_lines_and_their_reasons(name: str) -> None:
    beginning, reason = INVALID[name]

    assert reason in check_lines(beginning, whole=True, excerpt_chars=60)


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [
        (b'{"a": 1}\n{"cut', ""),
        (b'{"a": "one line longer than the range', ""),
        (BOM + b'  {"a": "one line longer than the range', ""),
        ('{"a": "cut in é'.encode()[:-1], ""),
        (b"[1, 2, 3", NO_LINES),
        (b"\n\nnope", "Line 3 does not begin a JSON object"),
        (b"\x89PNG", "Line 1 does not begin a JSON object"),
        (b"\n" * 100, "First 100 bytes are blank"),
    ],
)
def test_a_partial_beginning_is_judged_by_its_complete_lines(beginning: bytes, reason: str) -> None:
    assert check_lines(beginning, whole=False) == reason


def test_a_reason_quotes_a_short_part_of_the_line_on_one_line_of_ascii_or_nothing() -> None:
    line = ('{"name": "' + "ü🎉" * 500 + "\x1b[31m" + "x" * 500).encode()
    told = check_lines(line, whole=True, excerpt_chars=60)
    assert told.isascii()
    assert told.isprintable()
    assert len(told) < 700
    assert "near" not in check_lines(line, whole=True, excerpt_chars=0)


json_objects = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=3)


@given(st.lists(json_objects, min_size=1, max_size=4), st.integers(min_value=1), st.booleans())
def test_what_json_writes_is_valid_wherever_it_is_cut(
    objects: list[dict[str, object]], cut: int, ascii_only: bool
) -> None:
    text = "\n".join(json.dumps(one, ensure_ascii=ascii_only) for one in objects)
    whole = text.encode(errors="replace")

    assert check_lines(whole, whole=True) == ""
    assert check_lines(whole[:cut], whole=False) == ""


pieces = st.sampled_from(["{}", "[", "]", "{", "}", ",", '"a":', '"a"', "1", "NaN", "\\", '"', " ", "\r"])


def _is_object(line: str) -> bool:
    try:
        value = json.loads(line, parse_constant=int)  # which refuses NaN
    except ValueError:
        return False
    return isinstance(value, dict)


@given(st.lists(st.lists(pieces, min_size=1).map("".join).filter(str.strip), min_size=1, max_size=4))
@example(["{}", '{},"a",{"a":[{}', "{}]}"])
def test_lines_are_valid_together_exactly_when_each_is_valid_alone(lines: list[str]) -> None:
    verdict = check_lines("\n".join(lines).encode(), whole=True)

    assert (verdict == "") is all(map(_is_object, lines))


@given(st.binary())
def test_no_bytes_break_the_check(beginning: bytes) -> None:
    assert isinstance(check_lines(beginning, whole=False), str)
    assert isinstance(check_lines(beginning, whole=True), str)


@pytest.mark.parametrize("whole", [True, False])
def test_the_last_judged_line_counts_and_the_one_behind_it_does_not(*, whole: bool) -> None:
    good = b'{"a": 1}\n'

    assert "is not JSON" in check_lines(good * (JUDGED_LINES - 1) + b"nope\n" + good, whole=whole)
    assert check_lines(good * JUDGED_LINES + b"nope\n" + good, whole=whole) == ""


@pytest.mark.parametrize("whole", [True, False])
def test_many_blank_lines_do_not_hide_what_follows(*, whole: bool) -> None:
    blank = b"\n" * (2 * JUDGED_LINES)

    assert check_lines(blank + b'{"a": 1}\n', whole=whole) == ""
    assert check_lines(blank + b"[1]\n", whole=whole) == NO_LINES
    assert check_lines(blank, whole=whole) != ""
