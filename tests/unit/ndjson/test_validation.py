"""The verdict over an NDJSON file, case by case."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.ndjson.validation import BOM, JUDGED_LINES, check_lines, validate_file

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
        ("a.NDJSON", LOW, False),
        ("a.ndjson.gz", LOW, False),
        ("ndjson", LOW, False),
        (".ndjson", LOW, True),
    ],
)
def test_name_and_size(key: str, size: int, *, valid: bool) -> None:
    assert (validate_file(key, size, LOW, HIGH) == "") is valid


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
    "no json": (b'{"a": 1}\nnope\n', "Line 2 of those not blank is not JSON"),
    "two objects on a line": (b'{"a": 1} {"b": 2}\n', "Line 1 of those not blank is not JSON"),
    "half a last line": (b'{"a": 1}\n{"b": ', "Line 2 of those not blank is not JSON"),
    "nan": (b'{"a": NaN}\n', "Line 1 of those not blank is not JSON"),
    "array": (b"[1]\n", "Line 1 of those not blank is not a JSON object but an array"),
    "null": (b"null\n", "but null"),
    "text": (b'"a"\n', "but a text or number"),
    "number": (b"1\n", "but a text or number"),
    "boolean": (b"true\n", "but a boolean"),
    "latin-1": ('{"a": "é"}\n'.encode("latin-1"), "is not UTF-8"),
    "utf-16": ('{"a": 1}\n'.encode("utf-16"), "is not UTF-8"),
    "a raw null": (b'{"a": "\x00"}\n', "is not JSON"),
    "a second bom": (BOM + BOM + b'{"a": 1}\n', "is not JSON"),
    "nested without end": (b'{"a":' * 60_000 + b"\n", "is nested too deeply"),
    "an object over two lines": (b'{},"x",{"a": [{}\n{}]}\n', "Line 1 of those not blank is not JSON"),
    "as many objects as lines": (b'{},{"a": [{}\n{}]}\n', "Line 1 of those not blank is not JSON"),
    "an array over many lines": (b'[\n{"a": 1}\n]', "Line 1 of those not blank is not JSON"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_lines_and_their_reasons(name: str) -> None:
    beginning, reason = INVALID[name]

    assert reason in check_lines(beginning, whole=True)


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [
        (b'{"a": 1}\n{"cut', ""),
        (b'{"a": "one line longer than the range', ""),
        (BOM + b'  {"a": "one line longer than the range', ""),
        ('{"a": "cut in é'.encode()[:-1], ""),
        (b"[1, 2, 3", "Line 1 does not begin a JSON object"),
        (b"\x89PNG", "Line 1 does not begin a JSON object"),
        (b"\n" * 100, "First 100 bytes are blank"),
    ],
)
def test_a_partial_beginning_is_judged_by_its_complete_lines(beginning: bytes, reason: str) -> None:
    assert check_lines(beginning, whole=False) == reason


def test_a_reason_never_quotes_the_content() -> None:
    assert "secret" not in check_lines(b'{"password": "secret"\n', whole=True)


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
    assert "does not begin a JSON object" in check_lines(blank + b"[1]\n", whole=whole)
    assert check_lines(blank, whole=whole) != ""
