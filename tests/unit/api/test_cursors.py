"""Cursors: opaque, tied to their query, refused when anything of them changed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import cursors
from chalicelib.api.cursors import Position, decode_cursor, encode_cursor
from chalicelib.errors import RequestError

QUERY = "files?date=2026-11-21&status="
POSITION = Position("2026-11-21T01:00:00Z#0a1b2c3d", frozenset({"aa", "bb"}))
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, texts, st.frozensets(texts, max_size=3), texts)
def test_a_cursor_leads_back_to_its_position(query: str, at: str, seen: frozenset[str], date: str) -> None:
    cursor = encode_cursor(query, Position(at, seen), date)
    assert cursor is not None
    assert decode_cursor(query, cursor) == Position(at, seen)


def test_no_position_and_no_cursor_are_the_same() -> None:
    assert encode_cursor(QUERY, None) is None
    assert decode_cursor(QUERY, "") is None


def test_a_cursor_changed_in_any_one_character_is_refused() -> None:
    cursor = encode_cursor(QUERY, POSITION) or ""
    for index, character in enumerate(cursor):
        for other in {"A", "B", "_", "9", "=", "\n", "é"} - {character}:
            with pytest.raises(RequestError, match="next_cursor"):
                decode_cursor(QUERY, cursor[:index] + other + cursor[index + 1 :])


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c + "A", lambda c: c + "=", lambda c: " " + c]
)
def test_a_cursor_of_another_length_is_refused(change: object) -> None:
    cursor = encode_cursor(QUERY, POSITION) or ""
    with pytest.raises(RequestError):
        decode_cursor(QUERY, change(cursor))  # type: ignore[operator]


def test_a_cursor_of_another_query_is_refused() -> None:
    cursor = encode_cursor(QUERY, POSITION) or ""
    with pytest.raises(RequestError, match="same other parameters"):
        decode_cursor("files?date=2026-11-20&status=", cursor)


@pytest.mark.parametrize(
    "content",
    [[], {}, 1, None, ["a"], ["a", []], [1, [], ""], ["a", "b", ""], ["a", [1], ""], ["a", {"b": 1}, ""],
     ["a", [], 1], ["\ud800", [], ""], ["a", [], "\ud800"], ["k" * (cursors.MAX_POSITION_BYTES + 1), [], ""]],
)  # fmt: skip
def test_foreign_content_is_refused_though_its_checksum_is_right(content: object) -> None:
    body = json.dumps(content).encode()
    forged = urlsafe_b64encode(cursors._checksum(QUERY, body) + body).decode().rstrip("=")
    with pytest.raises(RequestError):
        decode_cursor(QUERY, forged)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(RequestError) if text else nullcontext():
        decode_cursor(QUERY, text)
