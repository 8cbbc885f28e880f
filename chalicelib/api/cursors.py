"""Opaque cursors: where a list goes on, tied to the query they came from.

A cursor holds the time of the last row shown and which rows of that moment were shown, never a row's
number. So rows that arrive, change status or vanish between two pages neither shift nor repeat the others.
A checksum over query and position refuses a cursor that was mistyped, edited or taken to another query. A
cursor need not be secret: it grants nothing that its query does not.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

from chalicelib.api.parameters import read_date
from chalicelib.errors import RequestError
from chalicelib.events import MAX_KEY_BYTES

CHECKSUM_BYTES = 8
FINGERPRINT_BYTES = 8
MAX_POSITION_BYTES = MAX_KEY_BYTES + len("2026-01-31")  # a day and a name


class Position(NamedTuple):
    """Where a page ended: the order value of its last row, and fingerprints of the rows shown with it."""

    at: str
    seen: frozenset[str] = frozenset()


def encode_cursor(query: str, position: Position | None, date: str = "") -> str | None:
    """Return the cursor of `position` in `query`; None when the list has ended. `date` is the day listed."""
    if position is None:
        return None
    content = json.dumps([position.at, sorted(position.seen), date], ensure_ascii=False).encode()
    return urlsafe_b64encode(_checksum(query, content) + content).decode().rstrip("=")


def decode_cursor(query: str, cursor: str) -> Position | None:
    """Return a cursor's position, None for an empty one; raise RequestError if `query` did not make it."""
    if not cursor:
        return None
    at, seen, date = _content(cursor)
    position = Position(at, frozenset(seen))
    # base64 and JSON have many spellings of one content: only our own is accepted, with its checksum
    if encode_cursor(query, position, date) != cursor:
        raise refusal()
    return position


def read_day(values: Mapping[str, str], today: str) -> str:
    """Return `date`; without it the date within `cursor`, else `today`.

    The date becomes part of the list's query, and `decode_cursor` checks the cursor against that.
    """
    cursor = values.get("cursor")
    return read_date(values, (_content(cursor)[2] if cursor else "") or today)


def fingerprint(parts: list[str]) -> str:
    """Return a short digest that tells a row from the others of its moment."""
    return blake2b(json.dumps(parts).encode(), digest_size=FINGERPRINT_BYTES).hexdigest()


def _content(cursor: str) -> tuple[str, list[str], str]:
    try:
        at, seen, date = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[CHECKSUM_BYTES:])
        "".join([at, *seen, date]).encode()  # fails on what is no text and on half a surrogate pair
    except (ValueError, TypeError, RecursionError):
        raise refusal() from None
    if len(at.encode()) > MAX_POSITION_BYTES:
        raise refusal()
    return at, seen, date


def _checksum(query: str, content: bytes) -> bytes:
    return blake2b(content, digest_size=CHECKSUM_BYTES, key=blake2b(query.encode()).digest()).digest()


def refusal() -> RequestError:
    """Return the error for a cursor that its query did not return."""
    return RequestError(
        "cursor is not one that this query returned: use next_cursor unchanged, with the same other "
        "parameters, or leave it out to start at the first page"
    )
