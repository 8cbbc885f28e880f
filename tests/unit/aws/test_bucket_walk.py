"""The walk over a large bucket: what is shown, and from where the next run goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from chalicelib.aws.bucket_walk import walk
from chalicelib.aws.listing_page import ListedObject, ListingPage


class Cursor:
    """A cursor in memory."""

    def __init__(self, after: str = "") -> None:
        self.after = after

    def find(self) -> str:
        """Return it."""
        return self.after

    def store(self, after: str) -> None:
        """Keep it."""
        self.after = after

    def clear(self) -> None:
        """Forget it."""
        self.after = ""


class Pages:
    """A bucket whose pages hold these keys; the token of a page is its number."""

    def __init__(self, *pages: list[str]) -> None:
        self._pages = pages

    def list_page(self, _prefix: str, *, token: str = "", start_after: str = "") -> ListingPage:
        """Return a page, without the keys up to `start_after`."""
        number = int(token or 0)
        objects = [_listed(key) for key in self._pages[number] if key > start_after]
        return ListingPage(objects, [], str(number + 1) if number + 1 < len(self._pages) else "")


def _listed(key: str) -> ListedObject:
    return ListedObject(key, 1, "e", datetime(2026, 1, 1, tzinfo=UTC))


def _walk(pages: Pages, cursor: Cursor, most: int) -> tuple[bool, list[str]]:
    shown: list[str] = []

    def see(listed: list[ListedObject]) -> bool:
        shown.extend(one.key for one in listed)
        return True

    done = walk(cast("Any", pages), "", cast("Any", cursor), lambda seen: seen < most, see)
    return done, shown


def test_an_empty_page_that_is_not_the_last_is_passed_over() -> None:
    assert _walk(Pages(["a", "b"], [], ["c"]), cursor := Cursor(), 9) == (True, ["a", "b", "c"])
    assert cursor.after == ""


def test_a_run_that_ends_behind_empty_pages_leaves_the_last_key_it_saw() -> None:
    assert _walk(Pages(["a", "b"], [], ["c"]), cursor := Cursor(), 2) == (False, ["a", "b"])
    assert cursor.after == "b"
    assert _walk(Pages([], [], ["c"]), cursor, 1) == (False, [])
    assert cursor.after == "b", "nothing was seen: the next run begins where this one did"
