"""Opaque cursors: where a list goes on, tied to the query they came from.

A cursor holds the last position by time and which rows of that very moment were shown, never a row's
number, so rows that arrive, change status or vanish between two pages neither shift nor repeat the rest.
It grants nothing that its query does not, so a checksum over query and position protects it: a cursor
that was mistyped, edited or taken to another query is refused.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest

from chalicelib.errors import RequestError

CHECKSUM_BYTES = 8
FINGERPRINT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Position:
    """The order value of the last row shown, and the fingerprints of the rows shown that have it."""

    at: str
    seen: frozenset[str] = frozenset()


def encode_cursor(query: str, position: Position | None) -> str | None:
    """Return the cursor of `position` in `query`; None when the list has ended."""
    if position is None:
        return None
    content = json.dumps([position.at, sorted(position.seen)], ensure_ascii=False).encode()
    return urlsafe_b64encode(_checksum(query, content) + content).decode().rstrip("=")


def decode_cursor(query: str, cursor: str) -> Position | None:
    """Read a cursor of `query`; None for an empty one. Raise RequestError when it is not one of its own."""
    if not cursor:
        return None
    try:
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, seen = json.loads(packed[CHECKSUM_BYTES:])
    except (ValueError, TypeError, RecursionError):
        raise _refusal() from None
    intact = compare_digest(_checksum(query, packed[CHECKSUM_BYTES:]), packed[:CHECKSUM_BYTES])
    texts = isinstance(at, str) and isinstance(seen, list) and all(isinstance(one, str) for one in seen)
    if not (intact and texts):
        raise _refusal()
    position = Position(at, frozenset(seen))
    if encode_cursor(query, position) != cursor:  # base64 has several spellings of one content
        raise _refusal()
    return position


def fingerprint(parts: list[str]) -> str:
    """Return a short digest that tells a row from the others of its moment."""
    return blake2b(json.dumps(parts).encode(), digest_size=FINGERPRINT_BYTES).hexdigest()


def _checksum(query: str, content: bytes) -> bytes:
    return blake2b(content, digest_size=CHECKSUM_BYTES, key=blake2b(query.encode()).digest()).digest()


def _refusal() -> RequestError:
    return RequestError(
        "cursor is not one that this query returned: use next_cursor unchanged, with the same other "
        "parameters, or leave it out to start at the first page"
    )
