"""The merge of state and listing, against a dictionary as model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.discovery import state_document as document
from chalicelib.discovery.merge import END, Candidate, Decision, Found, Gap, Kept, Lines, merge
from chalicelib.discovery.state_document import OtherLayout
from chalicelib.discovery.stored_state import entries

NOW = datetime(2026, 1, 31, tzinfo=UTC)
QUEUED_AT = "2026-01-31T00:00:00Z"
FOLDERS = ("a", "a-b", "a.b", "A", "a b", "ä", "𝄞", 'q"', "back\\slash", "new\nline", "｡")
FILES = ("x.csv", "x-y.csv", "X.CSV", "\u2028.csv", "\U0010ffff.csv", "\uffee.csv", "%41.csv", "+ .csv")

keys = st.builds("in/{}/{}".format, st.sampled_from(FOLDERS), st.sampled_from(FILES))
etags = st.sampled_from(["e1", "e2", "e3-2", 'odd"\\etag'])
trees = st.dictionaries(keys, etags, max_size=12)
sizes = st.integers(1, 5)


def found(key: str, etag: str) -> Found:
    folder = key.split("/")[1]
    return Found(key, 3, etag, folder, NOW, document.unchanged_start(key, 3, folder, etag))


def entry(key: str, etag: str) -> bytes:
    return document.entry(key, 3, key.split("/")[1], etag, QUEUED_AT)


def blocks(files: list[Found], size: int) -> list[list[Found] | Gap]:
    """Cut a listing into blocks."""
    return [files[first : first + size] for first in range(0, len(files), size)]


def stored(state: dict[str, str], chunk_bytes: int) -> Iterator[bytes]:
    """Cut a whole document into chunks and read its entries back."""
    lines = [entry(key, state[key]) for key in sorted(state)]
    body = document.header("") + b"\n" + b",\n".join(lines) + (b"\n" if lines else b"") + document.END
    json.loads(body)
    return entries(iter(body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes)))


def after(
    decisions: list[Decision], rejected: frozenset[str] = frozenset()
) -> tuple[dict[str, str], list[str]]:
    """Carry out the decisions: the state they leave, and its keys in order."""
    lines: list[bytes] = []
    for decision in decisions:
        if isinstance(decision, Lines) and decision.kept is not Kept.REMOVED:
            lines += decision.lines
        elif isinstance(decision, Candidate):
            accepted = decision.found.key not in rejected
            line = entry(decision.found.key, decision.found.etag) if accepted else decision.old_line
            lines += [line] if line else []
    read = [document.fields_of(line, 0) for line in lines]
    return {key: fields["etag"] for key, fields in read}, [key for key, _ in read]


@given(
    history=st.lists(trees, min_size=1, max_size=5),
    chunk_bytes=st.integers(1, 300),
    rejected=st.frozensets(keys, max_size=4),
    size=sizes,
)
@settings(deadline=None)
def test_over_any_history_the_state_is_what_was_accepted(
    history: list[dict[str, str]], chunk_bytes: int, rejected: frozenset[str], size: int
) -> None:
    state: dict[str, str] = {}
    for tree in history:
        listing = [found(key, tree[key]) for key in sorted(tree, key=str.encode)]
        decisions = list(merge(stored(state, chunk_bytes), blocks(listing, size)))
        expected = {
            key: state.get(key, "") if key in rejected and state.get(key) != etag else etag
            for key, etag in tree.items()
        }
        expected = {key: etag for key, etag in expected.items() if etag}
        announced = {
            decision.found.key: decision.change for decision in decisions if isinstance(decision, Candidate)
        }
        assert announced == {
            key: "updated" if key in state else "new" for key, etag in tree.items() if state.get(key) != etag
        }
        lines = [decision for decision in decisions if isinstance(decision, Lines)]
        removed = sum(len(one.lines) for one in lines if one.kept is Kept.REMOVED)
        assert removed == len(state.keys() - tree.keys())
        state, order = after(decisions, rejected)
        assert state == expected
        assert order == sorted(order, key=str.encode)


@given(state=trees, tree=trees, ends=st.tuples(keys, keys), chunk_bytes=st.integers(1, 300), size=sizes)
@settings(deadline=None)
def test_in_a_gap_entries_stay_as_they_are(
    state: dict[str, str], tree: dict[str, str], ends: tuple[str, str], chunk_bytes: int, size: int
) -> None:
    low, high = sorted(ends)
    seen = [found(key, tree[key]) for key in sorted(tree) if not low < key < high]
    before = [item for item in seen if item.key <= low]
    behind = blocks(seen[len(before) :], size)
    listing = [*blocks(before, size), Gap(low, high, "failed"), *behind]
    left, _ = after(list(merge(stored(state, chunk_bytes), listing)))
    assert left == {item.key: item.etag for item in seen} | {
        key: etag for key, etag in state.items() if low < key < high
    }


@given(state=trees, tree=trees, stop=keys, chunk_bytes=st.integers(1, 300), size=sizes)
@settings(deadline=None)
def test_a_scan_that_stops_and_goes_on_ends_where_one_scan_does(
    state: dict[str, str], tree: dict[str, str], stop: str, chunk_bytes: int, size: int
) -> None:
    listing = [found(key, tree[key]) for key in sorted(tree)]
    first = [item for item in listing if item.key <= stop]
    half = list(merge(stored(state, chunk_bytes), [*blocks(first, size), Gap(stop, END, "stopped")]))
    halfway, _ = after(half)
    rest = [Gap("", stop + "\0", "resumed"), *blocks(listing[len(first) :], size)]
    whole = list(merge(stored(halfway, chunk_bytes), rest))
    assert after(whole)[0] == tree
    queued = [decision.found.key for decision in [*half, *whole] if isinstance(decision, Candidate)]
    assert queued == [key for key in sorted(tree) if state.get(key) != tree[key]]


def test_an_unchanged_line_is_the_very_line_that_was_read() -> None:
    odd = b'"in/a/x.csv":{"etag":"e1","folder":"a","size":3,"status":"done","queued_at":"then","more":1}'
    (decision,) = merge(iter([odd]), [[found("in/a/x.csv", "e1")]])
    assert decision == Lines([odd], Kept.UNCHANGED)


@pytest.mark.parametrize(
    "line", [b"", b"garbage", b'"in/a/x.csv":{"status":"queued"}', b'"in/a/\xff.csv":{}', b'"in/a/x.csv":[]']
)
def test_a_line_that_has_to_be_read_and_cannot_be_is_not_passed_over(line: bytes) -> None:
    with pytest.raises(OtherLayout, match="line 2"):
        list(merge(iter([line]), [[found("in/a/x.csv", "e1")]]))


def test_lines_out_of_order_are_noticed() -> None:
    lines = iter([entry("in/b/x.csv", "e"), entry("in/a/x.csv", "e")])
    with pytest.raises(OtherLayout, match="line 3"):
        list(merge(lines, []))
