"""Pages merged from several sources: every row once, whatever moves between two pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.cursors import Position
from chalicelib.api.paging import Order, newest_first
from chalicelib.aws.items import Row

ORDER = Order("at", ("key",))


def source(rows: Sequence[Row], lane: str) -> Callable[[str, int], list[Row]]:
    """Return an index query over `rows`, in an undefined order within one moment."""

    def query(until: str, count: int) -> list[Row]:
        found = [row for row in rows if row["lane"] == lane and (not until or row["at"] <= until)]
        return sorted(found, key=lambda row: str(row["at"]), reverse=True)[:count]

    return query


def pages(rows: list[Row], limit: int, between: Callable[[], None] = lambda: None) -> list[Row]:
    """Walk all pages, calling `between` after each."""
    shown: list[Row] = []
    after: Position | None = None
    while True:
        page, after = newest_first([source(rows, "a"), source(rows, "b")], ORDER, after, limit)
        shown += page
        assert len(page) == limit or after is None
        if after is None:
            return shown
        between()


rows_of_any_lane = st.lists(
    st.builds(lambda at, key, lane: {"at": str(at), "key": key, "lane": lane},
              st.integers(0, 9), st.integers(0, 99), st.sampled_from("ab")),
    unique_by=lambda row: (row["at"], row["key"]),
)  # fmt: skip


@given(rows_of_any_lane, st.integers(1, 7))
def test_pages_show_every_row_once_newest_first(rows: list[Row], limit: int) -> None:
    shown = pages(rows, limit)
    assert [row["at"] for row in shown] == sorted((row["at"] for row in rows), reverse=True)
    assert sorted(map(repr, shown)) == sorted(map(repr, rows))


@given(rows_of_any_lane, st.integers(1, 7), st.data())
def test_rows_that_change_lane_between_pages_are_met_once(rows: list[Row], limit: int, data: Any) -> None:
    def move() -> None:
        for row in data.draw(st.lists(st.sampled_from(rows), max_size=4)):
            row["lane"] = "a" if row["lane"] == "b" else "b"

    shown = [(row["at"], row["key"]) for row in pages(rows, limit, between=move)]
    assert sorted(shown) == sorted((row["at"], row["key"]) for row in rows)


@given(rows_of_any_lane, st.integers(1, 7))
def test_rows_that_arrive_between_pages_shift_nothing(rows: list[Row], limit: int) -> None:
    before = {(row["at"], row["key"]) for row in rows}

    def arrive() -> None:
        rows.append({"at": "99", "key": len(rows) + 1000, "lane": "a"})

    shown = [(row["at"], row["key"]) for row in pages(rows, limit, between=arrive)]
    assert before <= set(shown)
    assert len(shown) == len(set(shown))


def test_a_row_that_an_index_shows_twice_while_it_moves_is_shown_once() -> None:
    moving = [{"at": "5", "key": "x", "lane": "a"}, {"at": "5", "key": "x", "lane": "b"}]
    assert len(pages(moving, 10)) == 1
