"""Manifest entries of many tables on scratch disk: in memory is only what one block holds.

Entries gather per table and are written in compressed blocks to one unlinked file, so that neither a million
objects nor a thousand tables take memory or file handles, and a killed process leaves nothing on the disk.
Each block says where its table's block before it lies: of a table only the last one is remembered.
"""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from struct import Struct
from tempfile import TemporaryFile

BLOCK_BYTES = 64 * 1024
FASTEST = 1  # of zlib: keys of one table are alike, so a level above saves a quarter more for thrice the time
SEPARATOR = b",\n"
HEADER = Struct("<QI")  # of a block: where its table's block before it lies, and its length


class SpoolFull(Exception):  # noqa: N818 - an answer: what there is to list does not fit
    """The scratch disk takes no more entries, or does not give back those that it took."""


class TableSpool:
    """Lines per table, in the order in which they were added. Leaving the context frees the disk."""

    def __init__(self) -> None:
        """Open the file; raise SpoolFull when the disk has no room for one."""
        try:
            self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        except OSError as error:  # also where no folder takes a file
            raise SpoolFull(str(error)) from None
        self._gathered: defaultdict[str, list[bytes]] = defaultdict(list)
        self._gathered_bytes = 0
        self._last: dict[str, int] = {}  # where each table's last block lies
        self._end = HEADER.size  # no block lies at 0, which says that there is none before
        self.counts: defaultdict[str, int] = defaultdict(int)

    def __enter__(self) -> TableSpool:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what a full disk left in the buffer is of no use to anyone
            self._file.close()

    def add(self, table: str, line: bytes) -> None:
        """Append a line to a table; raise SpoolFull when the disk takes no more."""
        self._gathered[table].append(line)
        self.counts[table] += 1
        self._gathered_bytes += len(line)
        if self._gathered_bytes >= BLOCK_BYTES:
            self._write()

    def finish(self) -> None:
        """Write what was gathered; from now on `blocks` tells everything. Raise SpoolFull."""
        self._write()

    def blocks(self, table: str) -> Iterator[bytes]:
        """Yield a table's lines, joined by `SEPARATOR`, block by block."""
        places, place = array("Q"), self._last.get(table, 0)
        while place:
            places.append(place)
            place, _ = self._header(place)
        for place in reversed(places):
            _, length = self._header(place)
            yield zlib.decompress(self._file.read(length))

    def _header(self, place: int) -> tuple[int, int]:
        self._file.seek(place)
        before, length = HEADER.unpack(self._file.read(HEADER.size))
        return before, length

    def _write(self) -> None:
        try:
            self._file.seek(self._end)
            for table, lines in self._gathered.items():
                block = zlib.compress(SEPARATOR.join(lines), FASTEST)
                self._file.write(HEADER.pack(self._last.get(table, 0), len(block)) + block)
                self._last[table] = self._end
                self._end += HEADER.size + len(block)
            self._file.flush()
        except OSError as error:
            raise SpoolFull(str(error)) from None
        self._gathered.clear()
        self._gathered_bytes = 0
