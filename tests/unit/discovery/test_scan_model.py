"""Listing, merge and going on after a stop, together, against a dictionary as model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, cast

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.listing_page import ListedObject, ListingPage
from chalicelib.discovery import state_document as document
from chalicelib.discovery.listing import Scope, list_csv_files
from chalicelib.discovery.merge import Candidate, Gap, Kept, merge

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SCOPE = Scope("in/", ("skip",), ())
NAMES = ("a.csv", "b.csv", "c.txt", "deep/x.csv", "deep-/x.csv", "e.CSV", ".csv", "")
keys = st.builds(
    "in/{}/{}".format, st.sampled_from(["a", "a-", "a0", "b", "Skip", ""]), st.sampled_from(NAMES)
)
trees = st.dictionaries(keys | st.just("in/top.csv"), st.sampled_from("xyz"), max_size=14)
answers = st.lists(st.booleans(), max_size=8)


class MemoryBucket:
    """Lists a dictionary as S3 does, in small pages; the requests numbered in `failing` fail."""

    def __init__(self, tree: dict[str, str], page: int, failing: frozenset[int]) -> None:
        self._tree, self._page, self._failing = tree, page, failing
        self._requests = 0

    def list_page(
        self, prefix: str, *, token: str = "", start_after: str = "", delimiter: str = ""
    ) -> ListingPage:
        """List one page; a prefix that `start_after` lies in is not shown."""
        self._requests += 1
        if self._requests in self._failing:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "ListObjectsV2")
        rolled = {prefix + key[len(prefix) :].partition("/")[0] + delimiter for key in self._tree
                  if key.startswith(prefix) and "/" in key[len(prefix) :]}  # fmt: skip
        plain = {key for key in self._tree if key.startswith(prefix) and "/" not in key[len(prefix) :]}
        shown = {folder for folder in rolled if not start_after.startswith(folder)}
        items = sorted(item for item in shown | plain if item > (token or start_after))
        page = items[: self._page]
        return ListingPage(
            [ListedObject(key, 1, self._tree[key], NOW) for key in page if key in plain],
            [key for key in page if key in rolled],
            page[-1] if len(items) > len(page) else "",
        )


class Scanner:
    """The state between scans, and what they queued."""

    def __init__(self, state: dict[str, str]) -> None:
        self.lines = [self.entry(key, state[key]) for key in sorted(state)]
        self.resume_after = ""
        self.announced: list[tuple[str, str]] = []

    @staticmethod
    def entry(key: str, etag: str) -> bytes:
        return document.entry(key, 1, key.split("/")[1], etag, "2026-01-31T00:00:00Z")

    def scan(self, bucket: MemoryBucket, stops: Iterator[bool]) -> bool:
        """Scan once; tell whether it came to the end."""
        lines, stopped = [], ""
        listing = list_csv_files(cast("Bucket", bucket), SCOPE, self.resume_after, lambda: next(stops, False))
        with closing(listing):
            for decision in merge(iter(self.lines), listing):
                if isinstance(decision, Candidate):
                    self.announced.append((decision.found.key, decision.found.etag))
                    lines.append(self.entry(decision.found.key, decision.found.etag))
                elif isinstance(decision, Gap):
                    stopped = decision.after if decision.reason == "stopped" else stopped
                elif decision.kept is not Kept.REMOVED:
                    lines += decision.lines
        self.lines, self.resume_after = lines, stopped
        return not stopped

    @property
    def state(self) -> dict[str, Any]:
        """Return the recorded ETags."""
        read = [document.fields_of(line, 0) for line in self.lines]
        assert [key for key, _ in read] == sorted(key for key, _ in read)
        return {key: fields["etag"] for key, fields in read}


def wanted(tree: dict[str, str]) -> dict[str, str]:
    """Tell what a scan is to find, in the plainest way."""
    found = {}
    for key, etag in tree.items():
        parts = key.split("/")
        deep = len(parts) == 3 and parts[1] not in {"", "Skip"}
        if deep and parts[2][1:].lower().endswith(".csv"):
            found[key] = etag
    return found


@given(tree=trees)
def test_what_is_said_of_one_key_is_what_a_scan_does_with_it(tree: dict[str, str]) -> None:
    assert {key for key in tree if SCOPE.takes(key)} == wanted(tree).keys()
    assert not any(SCOPE.takes("elsewhere/" + key) for key in tree)


@given(old=trees, tree=trees, page=st.integers(1, 4), stops=answers)
@settings(deadline=None, max_examples=100)
def test_however_often_a_scan_stops_everything_is_announced_once(
    old: dict[str, str], tree: dict[str, str], page: int, stops: list[bool]
) -> None:
    before = wanted(old)
    scanner, answering = Scanner(before), iter(stops)
    bucket = MemoryBucket(tree, page, frozenset())
    runs = 1
    while not scanner.scan(bucket, answering):
        runs += 1
        assert runs <= len(stops) + 1
    assert scanner.state == wanted(tree)
    changed = {(key, etag) for key, etag in wanted(tree).items() if before.get(key) != etag}
    assert sorted(scanner.announced) == sorted(changed)


@given(old=trees, tree=trees, page=st.integers(1, 4), failing=st.frozensets(st.integers(1, 8), max_size=3))
@settings(deadline=None, max_examples=100)
def test_whatever_request_fails_nothing_is_announced_twice_or_forgotten(
    old: dict[str, str], tree: dict[str, str], page: int, failing: frozenset[int]
) -> None:
    before = wanted(old)
    scanner = Scanner(before)
    assert scanner.scan(MemoryBucket(tree, page, failing), iter(()))
    for key, etag in scanner.state.items():
        assert etag in {tree.get(key), before.get(key)}
    assert wanted(tree).items() >= set(scanner.announced)
    assert {key for key in before if tree.get(key) == before[key]} <= scanner.state.keys()
    assert scanner.scan(MemoryBucket(tree, page, frozenset()), iter(()))
    assert scanner.state == wanted(tree)
    assert len(scanner.announced) == len(set(scanner.announced))
