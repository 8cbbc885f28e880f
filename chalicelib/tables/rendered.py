"""A manifest as a stream that is rendered while it is read: it never lies anywhere as a whole."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator


class RenderedStream(io.RawIOBase):
    """The bytes that `render` yields; whoever goes back has them rendered again from the start."""

    def __init__(self, render: Callable[[], Iterator[bytes]]) -> None:
        self._render = render
        self._pieces = render()
        self._piece = b""
        self._piece_at = 0
        self._position = 0
        self._size = 0
        checksum, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        for piece in render():
            self._size += len(piece)
            checksum.update(piece)
            md5.update(piece)
        self.checksum = checksum.hexdigest()
        self.etag = md5.hexdigest()  # that S3 gives an object that is put whole, under its own keys

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # bytearray is what it is called with
        if self._position < self._piece_at:
            self._pieces, self._piece, self._piece_at = self._render(), b"", 0
        while self._position >= self._piece_at + len(self._piece):
            self._piece_at += len(self._piece)
            self._piece = next(self._pieces, b"")
            if not self._piece:
                return 0
        start = self._position - self._piece_at
        part = self._piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = (
            offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        )
        return self._position
