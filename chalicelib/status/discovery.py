"""`GET /discovery`: the last scan, and the state document's entries by key.

The document is sorted and has an entry a line, so ranged reads find a page or a key by halving it: a dozen
reads in a document of a million files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, decode_cursor, encode_cursor
from chalicelib.api.parameters import PAGING, Given, read_limit, read_parameters
from chalicelib.aws.bucket import Bucket, Document
from chalicelib.aws.document_store import Chunk, DocumentReplaced, DocumentStore
from chalicelib.aws.failures import AWS_ERRORS, describe_failure, is_access_refused
from chalicelib.discovery.state_document import OtherLayout, fields_of, key_of
from chalicelib.discovery.stored_state import LAST_SCAN_KEY, StoredState, open_state
from chalicelib.errors import StateError

OVERDUE = timedelta(minutes=15)  # three scans by the schedule
WINDOW_BYTES = 64 * 1024
ATTEMPTS = 3  # while scans replace the document under the reader

Entry = tuple[str, Body]


@dataclass(frozen=True, slots=True)
class Scans:
    """Where discovery keeps its results and its state: one bucket, read in two ways."""

    results: Bucket
    states: DocumentStore
    state_key: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def show_discovery(scans: Scans, given: Given) -> Body:
    """Answer `GET /discovery`: the last result, the state as a whole, and its entries by key."""
    values = read_parameters(given, *PAGING)
    limit = read_limit(values)
    after = decode_cursor("discovery", values.get("cursor", ""))
    facts, entries, fault = _read(scans, after.at if after else "", limit + 1)
    page = entries[:limit]
    more = Position(page[-1][0]) if len(entries) > limit else None
    return {
        "last_scan": last_scan(scans),
        "state": facts,
        "fault": fault,
        "items": [{"key": key, **fields} for key, fields in page],
        "next_cursor": encode_cursor("discovery", more),
    }


def last_scan(scans: Scans) -> Body | None:
    """Return what the last scan did; None before the first.

    `overdue` tells that three scans or more did not say anything since. What cannot be read has the outcome
    `unknown` and an `error`.
    """
    try:
        found = scans.results.read_document(LAST_SCAN_KEY)
    except AWS_ERRORS as error:
        if not is_access_refused(error):
            raise
        return {"outcome": "unknown", "error": f"{LAST_SCAN_KEY} cannot be read: {describe_failure(error)}"}
    if not isinstance(found, Document):
        return None
    try:
        scan = json.loads(found.body)
    except ValueError:
        return None
    if not isinstance(scan, dict):
        return None
    return {**scan, "overdue": scans.clock() - found.last_modified > OVERDUE}


def find_entry(scans: Scans, key: str) -> Body | None:
    """Return what the state says of one key; None when it has no entry or cannot be read."""
    _, entries, _ = _read(scans, key, 1, inclusive=True)
    return entries[0][1] if entries and entries[0][0] == key else None


def _read(
    scans: Scans, after: str, count: int, *, inclusive: bool = False
) -> tuple[Body | None, list[Entry], str]:
    for _ in range(ATTEMPTS):
        try:
            state = open_state(scans.states, scans.state_key)
            return _taken(state, after, count, inclusive=inclusive)
        except DocumentReplaced:
            continue
        except OtherLayout as error:
            return None, [], f"s3://{scans.states.name}/{scans.state_key} cannot be read: {error.reason}"
        except StateError as error:
            return None, [], str(error)
    return None, [], f"s3://{scans.states.name}/{scans.state_key} is being replaced right now: ask again"


def _taken(
    state: StoredState, after: str, count: int, *, inclusive: bool
) -> tuple[Body | None, list[Entry], str]:
    if not state.etag:
        return None, [], ""
    entries = islice(_entries_from(state, after, inclusive=inclusive), count)
    facts = {"location": state.where, "bytes": state.total_bytes, "resume_after": state.resume_after}
    return facts, list(entries), ""


def _entries_from(state: StoredState, after: str, *, inclusive: bool) -> Iterator[Entry]:
    offset = 0 if state.loaded is not None else _offset_before(state, after)
    for line in _lines_from(state, offset):
        key, fields = fields_of(line, 0)
        if key > after or (inclusive and key == after):
            yield key, fields


def _offset_before(state: StoredState, after: str) -> int:
    """Return an offset at or before the line of the first key behind `after`, at most a window before it."""
    low, high = 0, state.total_bytes
    while after and high - low > WINDOW_BYTES:
        middle = (low + high) // 2
        key = _first_key(_chunk(state, middle))
        if key is None or key >= after:
            high = middle
        else:
            low = middle
    return low


def _first_key(chunk: Chunk) -> str | None:
    """Return the first key whose line begins within a chunk that begins anywhere."""
    _, _, rest = chunk.body.partition(b"\n")
    line, newline, _ = rest.partition(b"\n")
    return key_of(line, 0) if newline and line.startswith(b'"') else None


def _lines_from(state: StoredState, offset: int) -> Iterator[bytes]:
    """Stream the entries that begin behind `offset`, without commas; the line it falls into is left out."""
    if state.loaded is not None:
        yield from state.loaded
        return
    rest = b""
    first = True
    while offset < state.total_bytes:
        chunk = _chunk(state, offset)
        *lines, rest = (rest + chunk.body).split(b"\n")
        yield from (line.removesuffix(b",") for line in lines[first:] if line.startswith(b'"'))
        first = first and not lines
        offset += len(chunk.body)


def _chunk(state: StoredState, offset: int) -> Chunk:
    return state.store.read_range(state.key, offset, WINDOW_BYTES, state.etag)
