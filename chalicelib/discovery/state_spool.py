"""The next state document, written to scratch disk while its scan goes on.

Memory stays flat and one conditional PUT replaces the whole document. It takes as much scratch disk as the
document has bytes: Lambda's 512 MB hold two million files.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import IO, cast

from chalicelib.discovery import state_document as document

HEADER_ROOM = 8 * 1024  # `resume_after` is known last and stands first: 1,024 bytes, escaped at most sixfold
SEPARATOR = b",\n"


class StateSpool:
    """Entries in key order; `body` is the finished document. Leaving the context frees the disk."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed by __exit__; unlinked, so a killed process leaves nothing
        self._file.seek(HEADER_ROOM)
        self._separator = b"\n"
        self.bytes_written = 0

    def __enter__(self) -> StateSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, lines: Iterable[bytes]) -> None:
        """Append entries, given without comma and newline."""
        block = SEPARATOR.join(lines)
        if block:
            self._file.write(self._separator)
            self.bytes_written += self._file.write(block) + len(SEPARATOR)
            self._separator = SEPARATOR

    def body(self, resume_after: str) -> IO[bytes]:
        """Finish the document and return it as one seekable stream; no more can be written."""
        header = document.header(resume_after)
        self._file.write(b"\n" + document.END)
        start = HEADER_ROOM - len(header)
        self._file.seek(start)
        self._file.write(header)
        return cast("IO[bytes]", _From(self._file, start))


class _From(io.RawIOBase):
    """A file without its first `start` bytes: retries of a PUT rewind to where the document begins."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        self._file = file
        self._start = start
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # bytearray is what it is called with
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        shift = self._start if whence == io.SEEK_SET else 0
        return self._file.seek(offset + shift, whence) - self._start
