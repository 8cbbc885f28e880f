"""Where moved files go: pure naming of parked and quarantined objects."""

from __future__ import annotations

from chalicelib.events import MAX_KEY_BYTES

SHORT_IDENTITY = 8  # hex digits of an identity that names carry


def file_name(key: str) -> str:
    """Return the last path segment of a key that is not empty (a key may end in a slash)."""
    return key.rstrip("/").rpartition("/")[2] or "unnamed"


def destination_keys(prefix: str, path: str, identity: str) -> list[str]:
    """Return the keys to try, in order, for moving an upload to `path` below `prefix`.

    The plain key comes first. The key qualified by the upload's identity serves when another upload holds
    the plain one, and alone when the plain one would pass S3's 1,024 bytes. It is cut in the middle of the
    path, so that the file extension stays.
    """
    plain = prefix + path
    qualified = f"{prefix}{identity[:SHORT_IDENTITY]}/"
    room = MAX_KEY_BYTES - len(qualified.encode())
    keys = [qualified + _shortened(path, room)]
    return [plain, *keys] if len(plain.encode()) <= MAX_KEY_BYTES else keys


def _shortened(path: str, room: int) -> str:
    raw = path.encode()
    if len(raw) <= room:
        return path
    tail = raw[-min(32, room // 2) :]
    return raw[: room - len(tail)].decode(errors="ignore") + tail.decode(errors="ignore")
