"""What a scan decides: state and listing merged as two sorted streams, in constant memory.

Files are compared block by block: the lines that a block has while nothing changed are compared with the
state's at once. Only a block that differs is looked at key by key.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Literal, NamedTuple

from chalicelib.discovery import state_document as document
from chalicelib.discovery.state_document import OtherLayout

END = "\U0010ffff" * 257  # sorts after every key: 1,024 bytes hold 256 such characters


class Found(NamedTuple):
    """A CSV file that was listed; `start` is what its line begins with while it is unchanged."""

    key: str
    size: int
    etag: str
    folder: str
    last_modified: datetime
    start: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """A range of keys, `after` and `end` exclusive, about which the listing says nothing."""

    after: str
    end: str
    reason: Literal["resumed", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be queued; `old_line` is its entry until the message is accepted."""

    found: Found
    old_line: bytes | None

    @property
    def change(self) -> Literal["new", "updated"]:
        """Return what the message calls it."""
        return "new" if self.old_line is None else "updated"


class Kept(Enum):
    """Why a line stays, or why it goes."""

    UNCHANGED = "unchanged"
    UNSEEN = "unseen"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Lines:
    """Entries of the state, and what becomes of them."""

    lines: Sequence[bytes]
    kept: Kept


Decision = Lines | Candidate | Gap


class _State:
    """The state's lines with the current one in view; its key is read only when asked for."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._ahead: deque[bytes] = deque()
        self._number = 2  # behind the header
        self._key = ""
        self._key_number = 0

    @property
    def line(self) -> bytes | None:
        """The current line; None after the last."""
        self._look(1)
        return self._ahead[0] if self._ahead else None

    def advance(self) -> None:
        self._ahead.popleft()
        self._number += 1

    def take_unchanged(self, block: Sequence[Found]) -> list[bytes]:
        """Take the lines of an unchanged block; none when the next lines are not those."""
        self._look(len(block))
        lines = list(islice(self._ahead, len(block)))
        if len(lines) < len(block) or not all(
            map(document.is_unchanged, lines, [found.start for found in block])
        ):
            return []
        for _ in lines:
            self._ahead.popleft()
        self._number += len(lines)
        return lines

    def key(self) -> str:
        """Return the current line's key, or END after the last."""
        line = self.line
        if line is None:
            return END
        if self._key_number != self._number:
            key = document.key_of(line, self._number)
            if key <= self._key:
                raise OtherLayout(self._number, f"key {key[:200]!r} does not sort after one before")
            self._key, self._key_number = key, self._number
        return self._key

    def etag(self) -> str:
        """Return the current line's ETag."""
        _, fields = document.fields_of(self._ahead[0], self._number)
        return str(fields["etag"]).strip('"')

    def _look(self, count: int) -> None:
        if len(self._ahead) < count:
            self._ahead.extend(islice(self._lines, count - len(self._ahead)))


def merge(lines: Iterator[bytes], listing: Iterable[Sequence[Found] | Gap]) -> Iterator[Decision]:
    """Decide about every entry and every file, in key order; both streams must be sorted.

    Entries that the listing does not have are removed, but stay in a gap; the gap is passed on after them.
    Raise OtherLayout when a line that has to be read is not what Sluice writes.
    """
    state = _State(lines)
    for block in listing:
        if isinstance(block, Gap):
            yield from _across(state, block)
        elif unchanged := state.take_unchanged(block):
            yield Lines(unchanged, Kept.UNCHANGED)
        else:
            yield from _by_key(state, block)
    yield from _removed_before(state, END)


def _by_key(state: _State, block: Sequence[Found]) -> Iterator[Decision]:
    for found in block:
        if unchanged := state.take_unchanged([found]):
            yield Lines(unchanged, Kept.UNCHANGED)
        else:
            yield from _removed_before(state, found.key)
            yield _compared(state, found)


def _compared(state: _State, found: Found) -> Decision:
    line = state.line
    if line is None or state.key() != found.key:
        return Candidate(found, None)
    unchanged = state.etag() == found.etag
    state.advance()
    return Lines([line], Kept.UNCHANGED) if unchanged else Candidate(found, line)


def _removed_before(state: _State, key: str) -> Iterator[Decision]:
    while (line := state.line) is not None and state.key() < key:
        state.advance()
        yield Lines([line], Kept.REMOVED)


def _across(state: _State, gap: Gap) -> Iterator[Decision]:
    yield from _removed_before(state, gap.after + "\0")
    while (line := state.line) is not None and state.key() < gap.end:
        state.advance()
        yield Lines([line], Kept.UNSEEN)
    yield gap
