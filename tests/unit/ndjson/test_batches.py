"""Which files form a batch: full ones, and a last one that is at least half full."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ndjson.batches import NAMES_LIMIT_BYTES, Member, create_batches, from_json, size_of, to_json


def _files(sizes: list[int], path: str = "s3://b/k") -> list[Member]:
    return [Member(f"{number}", 1, path, size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "limit", "batches"),
    [
        ([], 100, []),
        ([10], 100, [[10]]),  # the only one is kept
        ([60, 40], 100, [[60, 40]]),
        ([60, 41], 100, [[60]]),  # less than half full
        ([60, 50], 100, [[60], [50]]),  # half full
        ([60, 50, 49], 100, [[60], [50, 49]]),
        ([150], 100, [[150]]),  # a single file above the limit
        ([10, 150, 10], 100, [[10], [150]]),
        ([150, 150, 10], 100, [[150], [150]]),
        ([0, 0], 0, [[0, 0]]),
        ([1, 1], 0, [[1], [1]]),
    ],
)
def test_the_seeds_rule(sizes: list[int], limit: int, batches: list[list[int]]) -> None:
    assert [[file.size_bytes for file in batch] for batch in create_batches(_files(sizes), limit)] == batches


def test_a_flush_keeps_the_last_partial_batch() -> None:
    batches = create_batches(_files([60, 41]), 100, flush=True)

    assert [[file.size_bytes for file in batch] for batch in batches] == [[60], [41]]


def test_a_batch_ends_where_its_names_would_not_fit_a_record() -> None:
    files = _files([1] * 700, path="s3://bucket/" + "n" * 1000)

    batches = create_batches(files, 10**9, flush=True)

    assert [len(batch) for batch in batches] == [298, 298, 104]
    assert all(sum(len(file.path) for file in batch) < NAMES_LIMIT_BYTES for batch in batches)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_members_come_back_from_a_record_as_they_were(names: list[tuple[str, str]]) -> None:
    files = [Member(name, 3, f"s3://b/{key}", 7) for name, key in names]
    files += [Member(key.rpartition("/")[2], 1, f"s3://b/{key}", 0) for _, key in names]

    assert from_json(to_json(files)) == files


def test_a_member_that_has_its_files_name_is_stored_without_it() -> None:
    assert to_json([Member("k", 1, "s3://b/k", 5)]) == '[["s3://b/k",1,5]]'
    assert to_json([Member("k#1", 1, "s3://b/k", 5)]) == '[["s3://b/k",1,5,"k#1"]]'


sizes_and_limit = st.integers(0, 1000).flatmap(
    lambda limit: st.tuples(st.lists(st.integers(0, limit + limit // 5)), st.just(limit))
)


@given(sizes_and_limit, st.booleans())
def test_batches_hold_each_file_once_in_order_and_keep_the_limit(
    given_sizes: tuple[list[int], int], flush: bool
) -> None:
    sizes, limit = given_sizes
    files = _files(sizes)

    batches = create_batches(files, limit, flush=flush)

    batched = [file for batch in batches for file in batch]
    assert batched == files[: len(batched)]
    assert all(size_of(batch) <= limit or len(batch) == 1 for batch in batches)
    assert all(batches)
    for batch, following in itertools.pairwise(batches):
        assert size_of(batch) + following[0].size_bytes > limit
    if files:
        assert batches
    left = size_of(files[len(batched) :])
    assert left * 2 < limit or left == 0
    if flush:
        assert batched == files
