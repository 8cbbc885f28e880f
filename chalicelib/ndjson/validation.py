"""What an NDJSON file must be to be accepted: its name, its size, and its first lines.

Pure. Every judgement is the reason for quarantine, or an empty text for a valid file.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, NoReturn

from chalicelib.aws.bucket import StoredObject
from chalicelib.packed import UnpackError, is_gzip, is_packed, kind_of, unpack
from chalicelib.settings import BYTES_PER_MB, Settings

CHECKED_BYTES = 64 * 1024  # the one ranged read of a file's beginning
JUDGED_LINES = 50  # of that beginning: a third of the lane's own CPU; all 64 kB would take ten times as much
BOM = b"\xef\xbb\xbf"
JSON_BLANKS = b" \t\r"
EXCERPT_CHARS = 60
GZIP_NAME = ": name it .ndjson.gz, which NDJSON_SUFFIXES must list"
NO_LINES = "It is a JSON array, not one object a line: write each of its items on a line of its own"


def judge(settings: Settings, key: str, size: int, seen: StoredObject | None = None) -> str:
    """Judge a file by name and size and, when it was read and `ndjson_content_check` is on, by its lines."""
    reason = validate_file(
        key, size, settings.min_file_bytes, settings.max_file_bytes, settings.ndjson_suffixes
    )
    if reason or seen is None or not settings.ndjson_content_check:
        return reason
    beginning, whole = seen.first_bytes, len(seen.first_bytes) >= seen.size
    if is_packed(key):
        try:
            beginning, whole = unpack(beginning, CHECKED_BYTES, whole=whole)
        except UnpackError as error:
            return str(error)
    return check_lines(beginning, whole=whole, excerpt_chars=min(EXCERPT_CHARS, settings.preview_chars))


def validate_file(
    key: str, size: int, min_bytes: int, max_bytes: int, suffixes: Sequence[str] = (".ndjson",)
) -> str:
    """Judge a file by name, without case, and size; `min_bytes` and `max_bytes` are inclusive."""
    if not key.lower().endswith(tuple(suffixes)):
        return f"Invalid extension: expected {' or '.join(suffixes)}"
    if not min_bytes <= size <= max_bytes:
        return f"Size {told_size(size)} out of range {told_range(min_bytes, max_bytes)} ({size} bytes)"
    return ""


def told_size(size: int) -> str:
    """Return a size as people read it: below a tenth of a megabyte in kilobytes."""
    return f"{size / BYTES_PER_MB:.2f}MB" if size >= BYTES_PER_MB / 10 else f"{size / 1024:.1f}kB"


def told_range(small: int, big: int) -> str:
    """Return a range of sizes, its unit once if both ends have the same."""
    first, last = told_size(small), told_size(big)
    return f"{first[:-2] if first[-2:] == last[-2:] else first}-{last}"


def check_lines(beginning: bytes, *, whole: bool, excerpt_chars: int = 0) -> str:
    r"""Judge a file by the first complete lines of its `beginning`; `whole` when that is all of it.

    Rejected: a line that is not JSON by RFC 8259 (`NaN` is not), not an object, or not UTF-8, and a file
    without a single line. Accepted: `\n` and `\r\n` ends, blank lines, a missing last line end, and one UTF-8
    byte order mark at the start, which readers of line files skip. The last line of a partial read is cut
    anywhere and so is not judged, unless it is the only one: then it must begin as an object does. What
    comes after `JUDGED_LINES` is not judged either. A reason quotes `excerpt_chars` of a wrong line.
    """
    if what := kind_of(beginning):
        return f"It is {what}, not lines of JSON" + GZIP_NAME * is_gzip(beginning)
    *lines, rest = beginning.removeprefix(BOM).split(b"\n", JUDGED_LINES)
    if whole and len(lines) < JUDGED_LINES:
        lines, rest = [*lines, rest], b""
    filled = [line for line in lines if line.strip()]
    if filled:
        return "" if _are_objects(filled) else _first_fault(lines, excerpt_chars)
    if not rest.strip():
        return "Empty: no line holds anything" if whole else f"First {len(beginning)} bytes are blank"
    if rest.lstrip().startswith(b"["):
        return NO_LINES
    return "" if rest.lstrip().startswith(b"{") else f"Line {len(lines) + 1} does not begin a JSON object"


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


def _first_fault(lines: Sequence[bytes], excerpt_chars: int) -> str:
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    first = filled[0][1].strip()
    if first.startswith(b"[") and (len(filled) == 1 or not first.endswith(b"]")):
        return NO_LINES
    faults = ((number, _fault_of(line, excerpt_chars)) for number, line in filled)
    return next((f"Line {number} {fault}" for number, fault in faults if fault), "")


def _fault_of(line: bytes, excerpt_chars: int) -> str:
    try:
        text = line.strip(JSON_BLANKS).decode()
        value, end = DECODER.raw_decode(text)
    except UnicodeDecodeError as error:
        return f"is not UTF-8: {error.reason} at byte {error.start + 1}"
    except RecursionError:
        return "is nested too deeply"
    except json.JSONDecodeError as error:
        return _not_json(error.msg, text, error.pos, excerpt_chars)
    except ValueError as error:
        return _not_json(f"{error} is no JSON value", text, 0, excerpt_chars)
    if end < len(text):
        return _not_json("More follows the first value", text, end, excerpt_chars)
    return "" if isinstance(value, dict) else f"is not a JSON object but {_kind(value)}"


def _not_json(message: str, text: str, at: int, excerpt_chars: int) -> str:
    """Say what the parser found, where, and the text around it, in ASCII on one line."""
    told = f"is not JSON: {message} at column {at + 1}"
    if not excerpt_chars:
        return told
    start = max(0, at - excerpt_chars // 2)
    return f"{told}, near {text[start : start + excerpt_chars]!a}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=str, parse_float=str)
MARK = secrets.token_hex(16)
BETWEEN = f',"{MARK}",'


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {list: "an array", bool: "a boolean", str: "a text or number"}[type(value)]
