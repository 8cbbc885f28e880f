"""Entries of many tables on scratch disk."""

from __future__ import annotations

import tracemalloc
from functools import partial
from hashlib import sha256
from io import SEEK_END, BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tables import spool
from chalicelib.tables.manifests import render_manifest
from chalicelib.tables.rendered import RenderedStream
from chalicelib.tables.spool import SpoolFull, TableSpool


@given(
    added=st.lists(st.tuples(st.sampled_from("abc"), st.binary(min_size=1, max_size=9))),
    block_bytes=st.integers(1, 40),
)
@settings(deadline=None)
def test_each_table_gives_back_its_lines_in_order(added: list[tuple[str, bytes]], block_bytes: int) -> None:
    with patch.object(spool, "BLOCK_BYTES", block_bytes), TableSpool() as filled:
        for table, line in added:
            filled.add(table, line)
        filled.finish()
        for table in "abc":
            lines = [line for owner, line in added if owner == table]
            inner = b"\n" + b",\n".join(lines) + b"\n" if lines else b""
            assert b"".join(render_manifest(filled.blocks(table))) == b'{"entries":[' + inner + b"]}"
            assert filled.counts[table] == len(lines)


def test_memory_does_not_grow_with_the_lines_of_tables_whose_keys_lie_mixed() -> None:
    held = []
    with patch.object(spool, "BLOCK_BYTES", 100), TableSpool() as filled:
        tracemalloc.start()
        for _ in range(3):
            for number in range(2000):
                filled.add(f"t{number % 10}", b"line of ten")
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert sum(block.count(b"line") for block in filled.blocks("t7")) == 600
    assert held[2] - held[0] < 2000, held  # 4,000 blocks


def test_a_full_disk_is_an_answer_and_closing_it_is_no_error() -> None:
    with patch.object(spool, "TemporaryFile", partial(Path("/dev/full").open, "r+b", buffering=0)):
        full = TableSpool()
    with full:
        full.add("a", b"line")
        with pytest.raises(SpoolFull, match="No space left"):
            full.finish()


@given(
    pieces=st.lists(st.binary(max_size=5), max_size=6),
    steps=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=6),
)
def test_a_rendered_stream_reads_like_a_file(pieces: list[bytes], steps: list[tuple[int, int]]) -> None:
    stream, file = (
        RenderedStream(lambda: iter([piece for piece in pieces if piece])),
        BytesIO(b"".join(pieces)),
    )
    assert stream.checksum == sha256(file.getvalue()).hexdigest()
    assert stream.seek(0, SEEK_END) == file.seek(0, SEEK_END)
    for offset, count in steps:
        assert stream.seek(offset) == file.seek(offset)
        assert _read(stream, count) == file.read(count)
    stream.seek(0)
    assert stream.read() == file.getvalue()


def _read(stream: RenderedStream, count: int) -> bytes:
    read = b""
    while count > len(read) and (piece := stream.read(count - len(read))):
        read += piece
    return read
