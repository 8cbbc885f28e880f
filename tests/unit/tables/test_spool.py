"""Entries of many tables on scratch disk."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tables import spool
from chalicelib.tables.manifests import render_manifest
from chalicelib.tables.spool import TableSpool


@given(
    added=st.lists(st.tuples(st.sampled_from("abc"), st.binary(min_size=1, max_size=9))),
    block_bytes=st.integers(1, 40),
)
@settings(deadline=None)
def test_each_table_gives_back_its_lines_in_order(added: list[tuple[str, bytes]], block_bytes: int) -> None:
    with patch.object(spool, "BLOCK_BYTES", block_bytes), TableSpool() as filled:
        for table, line in added:
            filled.add(table, line)
        for table in "abc":
            lines = [line for owner, line in added if owner == table]
            inner = b"\n" + b",\n".join(lines) + b"\n" if lines else b""
            assert b"".join(render_manifest(filled.blocks(table))) == b'{"entries":[' + inner + b"]}"
            assert filled.counts[table] == len(lines)
