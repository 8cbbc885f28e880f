"""What an NDJSON file must be to be accepted: its name, its size, and its first lines.

Pure. Every judgement is the reason for quarantine, or an empty text for a valid file.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, NoReturn

from chalicelib.aws.bucket import StoredObject
from chalicelib.settings import BYTES_PER_MB, Settings

EXTENSION = ".ndjson"
CHECKED_BYTES = 64 * 1024  # the one ranged read of a file's beginning
JUDGED_LINES = 50  # of that beginning: a third of the lane's own CPU; all 64 kB would take ten times as much
BOM = b"\xef\xbb\xbf"
JSON_BLANKS = b" \t\r"


def judge(settings: Settings, key: str, size: int, seen: StoredObject | None = None) -> str:
    """Judge a file by name and size and, when it was read and `ndjson_content_check` is on, by its lines."""
    reason = validate_file(key, size, settings.min_file_bytes, settings.max_file_bytes)
    if reason or seen is None or not settings.ndjson_content_check:
        return reason
    return check_lines(seen.first_bytes, whole=len(seen.first_bytes) >= seen.size)


def validate_file(key: str, size: int, min_bytes: int, max_bytes: int) -> str:
    """Judge a file by name and size; `min_bytes` and `max_bytes` are inclusive."""
    if not key.endswith(EXTENSION):
        return f"Invalid extension: expected {EXTENSION}"
    if not min_bytes <= size <= max_bytes:
        return (
            f"Size {size / BYTES_PER_MB:.2f}MB out of range "
            f"{min_bytes / BYTES_PER_MB:.2f}-{max_bytes / BYTES_PER_MB:.2f}MB ({size} bytes)"
        )
    return ""


def check_lines(beginning: bytes, *, whole: bool) -> str:
    r"""Judge a file by the first complete lines of its `beginning`; `whole` when that is all of it.

    Rejected: a line that is not JSON by RFC 8259 (`NaN` is not), not an object, or not UTF-8, and a file
    without a single line. Accepted: `\n` and `\r\n` ends, blank lines, a missing last line end, and one UTF-8
    byte order mark at the start, which readers of line files skip. The last line of a partial read is cut
    anywhere and so is not judged, unless it is the only one: then it must begin as an object does. What
    comes after `JUDGED_LINES` is not judged either.
    """
    *lines, rest = beginning.removeprefix(BOM).split(b"\n", JUDGED_LINES)
    if whole and len(lines) < JUDGED_LINES:
        lines, rest = [*lines, rest], b""
    filled = [line for line in lines if line.strip()]
    if filled:
        return "" if _are_objects(filled) else _first_fault(filled)
    if not rest.strip():
        return "Empty: no line holds anything" if whole else f"First {len(beginning)} bytes are blank"
    return "" if rest.lstrip().startswith(b"{") else "Line 1 does not begin a JSON object"


def _are_objects(lines: Sequence[bytes]) -> bool:
    """Tell whether all lines are objects, by decoding them as one array: that takes half the CPU.

    A text that no file can know is put between lines: a value that spans lines takes it in, and shows.
    """
    try:
        values = DECODER.decode(f"[{BETWEEN.join([line.decode() for line in lines])}]")
    except (ValueError, RecursionError):
        return False
    own = [MARK] * (len(lines) - 1)
    return values[1::2] == own and all(isinstance(value, dict) for value in values[::2])


def _first_fault(lines: Sequence[bytes]) -> str:
    faults = ((number, _fault_of(line)) for number, line in enumerate(lines, 1))
    return next((f"Line {number} of those not blank {fault}" for number, fault in faults if fault), "")


def _fault_of(line: bytes) -> str:
    try:
        text = line.strip(JSON_BLANKS).decode()
        value, end = DECODER.raw_decode(text)
    except UnicodeDecodeError:
        return "is not UTF-8"
    except RecursionError:
        return "is nested too deeply"
    except ValueError:  # its message would quote the content, which belongs in no log
        return "is not JSON"
    if end < len(text):
        return "is not JSON"
    return "" if isinstance(value, dict) else f"is not a JSON object but {_kind(value)}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=str, parse_float=str)
MARK = secrets.token_hex(16)
BETWEEN = f',"{MARK}",'


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {list: "an array", bool: "a boolean", str: "a text or number"}[type(value)]
