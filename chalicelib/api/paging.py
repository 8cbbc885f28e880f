"""Pages of rows, newest first, merged from several indexed queries.

Rows are ordered by a time that never changes, though their status may. A page asks every source for the
rows at or before the last position and leaves out those that were shown already. So a row that changes
status between two pages is still shown exactly once.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.api.cursors import Position, fingerprint
from chalicelib.aws.items import Row

Source = Callable[[str, int], Sequence[Row]]
"""Return up to `count` rows at or before a time (inclusive; empty: from the newest), newest first."""


class Order(NamedTuple):
    """How rows are ordered and told apart: the names of their time and of the rest of their key."""

    time: str
    keys: tuple[str, ...]

    def fingerprint(self, row: Row) -> str:
        """Return what tells this row from the others of its moment."""
        return fingerprint([str(row.get(name, "")) for name in self.keys])


def newest_first(
    sources: Iterable[Source], order: Order, after: Position | None, limit: int
) -> tuple[list[Row], Position | None]:
    """Return the next `limit` rows of all `sources` and where to go on; None when nothing is left."""
    at, shown = (after.at, after.seen) if after else ("", frozenset[str]())
    wanted = limit + 1 + len(shown)
    queries = [source(at, wanted) for source in sources]
    merged = heapq.merge(*queries, key=lambda row: str(row[order.time]), reverse=True)
    rows = list(_take(_unseen(merged, order, at, shown), limit + 1))
    page = rows[:limit]
    return page, (_position(page, order, at, shown) if len(rows) > limit else None)


def walk(
    sources: Sequence[Source], order: Order, after: Position | None, step: int
) -> Iterator[tuple[Row, Position]]:
    """Yield every row with where to go on behind it; `step` rows of each source are read at once."""
    while True:
        rows, more = newest_first(sources, order, after, step)
        at, shown = (after.at, after.seen) if after else ("", frozenset[str]())
        for row in rows:
            moment, print_ = str(row[order.time]), order.fingerprint(row)
            shown = shown | {print_} if moment == at else frozenset({print_})
            at = moment
            yield row, Position(at, shown)
        if more is None:
            return
        after = more


def page_of(
    rows: Iterable[tuple[Row, Position]], matches: Callable[[Row], bool], limit: int, bound: int
) -> tuple[list[Row], Position | None, int]:
    """Return up to `limit` matches among the next `bound` rows, where to go on, how many rows were read."""
    kept, reached, looked_at = list[Row](), None, 0
    for row, position in rows:
        if matches(row):
            if len(kept) == limit:
                return kept, reached, looked_at
            kept.append(row)
        reached, looked_at = position, looked_at + 1
        if looked_at == bound:
            return kept, reached, looked_at
    return kept, None, looked_at


def _unseen(rows: Iterable[Row], order: Order, at: str, shown: frozenset[str]) -> Iterator[Row]:
    """Leave out rows of earlier pages, and the second copy that an index shows while a row moves in it."""
    met: set[tuple[str, str]] = {(at, print_) for print_ in shown}
    for row in rows:
        identity = (str(row[order.time]), order.fingerprint(row))
        if identity not in met:
            met.add(identity)
            yield row


def _take(rows: Iterator[Row], count: int) -> Iterator[Row]:
    for _ in range(count):
        try:
            yield next(rows)
        except StopIteration:
            return


def _position(page: list[Row], order: Order, at: str, shown: frozenset[str]) -> Position:
    last = str(page[-1][order.time])
    seen = {order.fingerprint(row) for row in page if row[order.time] == last}
    return Position(last, frozenset(seen | (shown if last == at else frozenset())))
