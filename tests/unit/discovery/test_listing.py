"""How folders are fetched ahead: bounded, in order, and stopped when nobody reads on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.listing_page import ListedObject, ListingPage
from chalicelib.discovery.listing import PARALLEL_FOLDERS, Scope, list_csv_files
from chalicelib.discovery.merge import Gap
from chalicelib.discovery.state_document import entry, is_unchanged

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SCOPE = Scope("in/", ("logs",), ("in/own/",))


class SlowBucket:
    """A source whose requests take a moment, and that counts how many are under way."""

    def __init__(self, folders: int, files: int) -> None:
        self._folders = [f"in/{number:03}/" for number in range(folders)]
        self._files = files
        self._lock = threading.Lock()
        self.under_way = self.most = self.requests = 0

    def list_page(self, prefix: str, **_: Any) -> ListingPage:
        """List the folders, or one folder's files in one page."""
        if prefix == "in/":
            return ListingPage([], ["in/Logs/", *self._folders, "in/own/x/"], "")
        with self._lock:
            self.requests += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.002)
        with self._lock:
            self.under_way -= 1
        names = [f"{prefix}{number:04}.csv" for number in range(self._files)]
        return ListingPage([ListedObject(name, 1, "e", NOW) for name in names], [], "")


def listed(bucket: SlowBucket) -> Iterator[str]:
    with closing(list_csv_files(cast("Bucket", bucket), SCOPE, "", lambda: False)) as listing:
        yield from (item.key for block in listing if not isinstance(block, Gap) for item in block)


def test_small_folders_are_fetched_ahead_up_to_the_bound_and_come_in_order() -> None:
    bucket = SlowBucket(folders=60, files=2)
    keys = list(listed(bucket))
    assert keys == sorted(keys)
    assert len(keys) == 120
    assert 2 < bucket.most <= PARALLEL_FOLDERS


def test_of_large_folders_few_are_held_at_once() -> None:
    bucket = SlowBucket(folders=12, files=900)
    assert len(list(listed(bucket))) == 12 * 900
    assert bucket.most <= 2


def test_what_is_listed_begins_as_the_line_that_records_it() -> None:
    listing = list_csv_files(cast("Bucket", SlowBucket(folders=2, files=2)), SCOPE, "", lambda: False)
    files = [found for block in listing if not isinstance(block, Gap) for found in block]
    assert len(files) == 4
    for found in files:
        line = entry(found.key, found.size, found.folder, found.etag, "2026-01-31T00:00:00Z")
        assert is_unchanged(line, found.start)


def test_nothing_is_fetched_for_a_reader_who_has_gone() -> None:
    bucket = SlowBucket(folders=60, files=2)
    keys = listed(bucket)
    next(keys)
    cast("Any", keys).close()
    assert bucket.requests <= 2
    assert bucket.under_way == 0


@pytest.mark.parametrize("key", ["in/a.csv", "in/", "in"])
def test_a_key_beside_the_folders_lies_in_none(key: str) -> None:
    assert SCOPE.folder_of(key) == ""
