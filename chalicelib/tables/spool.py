"""Manifest entries of many tables on scratch disk: in memory is only what one block holds.

Entries gather per table and are written in blocks to one unlinked file, so that neither a million objects
nor a thousand tables take memory or file handles, and a killed process leaves nothing on the disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from tempfile import TemporaryFile

BLOCK_BYTES = 1024**2
SEPARATOR = b",\n"


class TableSpool:
    """Lines per table, in the order in which they were added. Leaving the context frees the disk."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._gathered: defaultdict[str, list[bytes]] = defaultdict(list)
        self._gathered_bytes = 0
        self._blocks: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self.counts: defaultdict[str, int] = defaultdict(int)

    def __enter__(self) -> TableSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, table: str, line: bytes) -> None:
        """Append a line to a table."""
        self._gathered[table].append(line)
        self.counts[table] += 1
        self._gathered_bytes += len(line)
        if self._gathered_bytes >= BLOCK_BYTES:
            self._write()

    def blocks(self, table: str) -> Iterator[bytes]:
        """Yield a table's lines, joined by `SEPARATOR`, block by block."""
        self._write()
        for offset, length in self._blocks[table]:
            self._file.seek(offset)
            yield self._file.read(length)

    def _write(self) -> None:
        offset = self._file.seek(0, 2)
        for table, lines in self._gathered.items():
            length = self._file.write(SEPARATOR.join(lines))
            self._blocks[table].append((offset, length))
            offset += length
        self._gathered.clear()
        self._gathered_bytes = 0
