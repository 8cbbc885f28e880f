"""What a scan decides: state and listing merged as two sorted streams, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from chalicelib.discovery import state_document as document
from chalicelib.discovery.state_document import OtherLayout

END = "\U0010ffff" * 257  # sorts after every key: 1,024 bytes hold 256 such characters


@dataclass(frozen=True, slots=True)
class Found:
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


Decision = tuple[Kept, bytes] | Candidate | Gap


class _Lines:
    """The state's lines with the current one in view; its key is read only when asked for."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._number = 1  # the header
        self._key = ""
        self._key_number = 0
        self.line: bytes | None = None
        self.advance()

    def advance(self) -> None:
        self.line = next(self._lines, None)
        self._number += 1

    def key(self) -> str:
        """Return the current line's key, or END after the last."""
        if self.line is None:
            return END
        if self._key_number != self._number:
            key = document.key_of(self.line, self._number)
            if key <= self._key:
                raise OtherLayout(self._number, f"key {key[:200]!r} does not sort after one before")
            self._key, self._key_number = key, self._number
        return self._key

    def etag(self) -> str:
        """Return the current line's ETag."""
        assert self.line is not None
        _, fields = document.fields_of(self.line, self._number)
        return str(fields["etag"]).strip('"')


def merge(lines: Iterator[bytes], listing: Iterable[Found | Gap]) -> Iterator[Decision]:
    """Decide about every entry and every file, in key order; both streams must be sorted.

    Entries that the listing does not have are removed, but stay in a gap; the gap is passed on after them.
    Raise OtherLayout when a line that has to be read is not what Sluice writes.
    """
    state = _Lines(lines)
    for item in listing:
        if isinstance(item, Gap):
            yield from _across(state, item)
        elif state.line and document.is_unchanged(state.line, item.start):
            yield Kept.UNCHANGED, state.line
            state.advance()
        else:
            yield from _removed_before(state, item.key)
            yield _compared(state, item)
    yield from _removed_before(state, END)


def _compared(state: _Lines, found: Found) -> Decision:
    line = state.line
    if line is None or state.key() != found.key:
        return Candidate(found, None)
    unchanged = state.etag() == found.etag
    state.advance()
    return (Kept.UNCHANGED, line) if unchanged else Candidate(found, line)


def _removed_before(state: _Lines, key: str) -> Iterator[Decision]:
    while state.line is not None and state.key() < key:
        yield Kept.REMOVED, state.line
        state.advance()


def _across(state: _Lines, gap: Gap) -> Iterator[Decision]:
    yield from _removed_before(state, gap.after + "\0")
    while state.line is not None and state.key() < gap.end:
        yield Kept.UNSEEN, state.line
        state.advance()
    yield gap
