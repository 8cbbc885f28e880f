"""What the first bytes of a file tell: that it is no text, and of gzip its beginning, unpacked. Pure."""

from __future__ import annotations

import zlib

PACKED = ".gz"
GZIP = 31  # zlib's word for gzip's own header and trailer around a window of 32 kB
KINDS = {
    b"\x1f\x8b": "compressed by gzip",
    b"PK\x03\x04": "a ZIP archive",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ\x00": "compressed by xz",
    b"PAR1": "a Parquet file",
    b"Obj\x01": "an Avro file",
    b"\xff\xfe": "UTF-16, not UTF-8",
    b"\xfe\xff": "UTF-16, not UTF-8",
}


class UnpackError(ValueError):
    """A file that is named as gzip is not, or is broken."""


def is_packed(key: str) -> bool:
    """Tell whether a key names a gzip file."""
    return key.lower().endswith(PACKED)


def is_gzip(beginning: bytes) -> bool:
    """Tell whether a file begins as gzip does."""
    return beginning.startswith(b"\x1f\x8b")


def kind_of(beginning: bytes) -> str:
    """Say what a file is that begins as no text in UTF-8 does; empty for any other."""
    return next((kind for magic, kind in KINDS.items() if beginning.startswith(magic)), "")


def unpack(packed: bytes, limit: int, *, whole: bool) -> tuple[bytes, bool]:
    """Return the first `limit` bytes that `packed` holds, and whether that is all of them.

    A file may be several gzip streams, one behind the other. `whole` says that `packed` is all of it: then
    its last stream must end. A few bytes can unpack into gigabytes, so what comes out is bounded. Raise
    UnpackError for what is not gzip, or broken.
    """
    unpacked, rest = b"", packed
    while rest and len(unpacked) < limit:
        if not is_gzip(rest):
            raise UnpackError("It is named as gzip, and is not" if rest is packed else "Its gzip is broken")
        stream = zlib.decompressobj(GZIP)
        try:
            unpacked += stream.decompress(rest, limit - len(unpacked))
        except zlib.error as error:
            raise UnpackError(f"Its gzip is broken: {error}") from None
        if not stream.eof:
            if whole and len(unpacked) < limit:
                raise UnpackError("Its gzip is cut off: it ends before its last stream does")
            return unpacked, False
        rest = stream.unused_data.lstrip(b"\0")  # padding
    return unpacked, whole and not rest
