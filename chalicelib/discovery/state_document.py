"""The format of the discovery state: one JSON document, one entry a line, keys in UTF-8 byte order.

    {"version":1,"files":{
    "incoming/a/x.csv":{"status":"queued","size":3,"folder":"a","etag":"…","queued_at":"…"},
    "incoming/b/y.csv":{"status":"queued","size":5,"folder":"b","etag":"…","queued_at":"…"}
    }}

An interrupted scan has `"resume_after":"<key>"` between `version` and `files`. Python's order of `str` is
the order of code points, which is UTF-8 byte order, which is the order in which S3 lists.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring as quoted
from typing import Any

from chalicelib.errors import StateError
from chalicelib.events import MAX_KEY_BYTES

VERSION = 1
END = b"}}"
COMPACT = (",", ":")
FIELDS = {"status": str, "size": int, "folder": str, "etag": str, "queued_at": str}
QUEUED_AT_BYTES = len(b'"queued_at":"2026-01-31T23:59:59Z"}')
_HEADER = re.compile(rb'\{"version":1,(?:"resume_after":("(?:[^"\\]|\\.)*"),)?"files":\{')
_KEY = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)":\{')

Fields = dict[str, Any]


class OtherLayout(Exception):  # noqa: N818 - not an error yet: a valid document may be laid out otherwise
    """A line is not what Sluice writes; `line_number` counts from 1."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number} {reason}")
        self.line_number = line_number
        self.reason = reason


def header(resume_after: str) -> bytes:
    """Return the first line, without its newline."""
    resume = f'"resume_after":{quoted(resume_after)},' if resume_after else ""
    return f'{{"version":{VERSION},{resume}"files":{{'.encode()


def resume_after_of(first_line: bytes) -> str:
    """Read `resume_after` from a first line ("" without one); raise OtherLayout when it is not ours."""
    found = _HEADER.fullmatch(first_line)
    if not found:
        raise OtherLayout(1, f"is {first_line[:80]!r}, expected {header('')!r}")
    try:
        place = json.loads(found[1] or b'""')
    except ValueError:
        place = None
    if not _is_place(place):
        raise OtherLayout(1, f"has a resume_after that is no key: {first_line[:80]!r}")
    return str(place)


def unchanged_start(key: str, size: int, folder: str, etag: str) -> bytes:
    """Return the bytes that the entry of a file begins with for as long as the file is unchanged."""
    start = (
        f'{quoted(key)}:{{"status":"queued","size":{size},"folder":{quoted(folder)},"etag":{quoted(etag)},'
    )
    return start.encode()


def entry(key: str, size: int, folder: str, etag: str, queued_at: str) -> bytes:
    """Return the line of a queued file, without comma and newline."""
    return unchanged_start(key, size, folder, etag) + f'"queued_at":{quoted(queued_at)}}}'.encode()


def is_unchanged(line: bytes, start: bytes) -> bool:
    """Tell whether an entry's line is a file's `unchanged_start` and then only the time it was queued at."""
    return line.startswith(start) and len(line) == len(start) + QUEUED_AT_BYTES and line.endswith(b'Z"}')


def key_of(line: bytes, line_number: int) -> str:
    """Return the key of an entry's line; raise OtherLayout when it has none."""
    found = _KEY.match(line)
    if not found:
        raise OtherLayout(line_number, f"is not an entry: {line[:80]!r}")
    text = found[1]
    try:
        return str(json.loads(b'"' + text + b'"')) if b"\\" in text else text.decode()
    except ValueError:
        raise OtherLayout(line_number, f"has a key that cannot be read: {line[:80]!r}") from None


def fields_of(line: bytes, line_number: int) -> tuple[str, Fields]:
    """Read an entry's line whole; raise OtherLayout when it is not exactly one valid entry."""
    try:
        document = json.loads(b"{" + line + b"}")
    except (ValueError, RecursionError):
        raise OtherLayout(line_number, f"is not an entry: {line[:80]!r}") from None
    if len(document) != 1:
        raise OtherLayout(line_number, f"holds {len(document)} entries")
    ((key, fields),) = document.items()
    fault = fault_in(fields)
    if fault:
        raise OtherLayout(line_number, f"entry {key[:200]!r} {fault}")
    return key, fields


def fault_in(fields: object) -> str:
    """Say what is wrong with an entry's value, or nothing."""
    if not isinstance(fields, dict):
        return "is not an object"
    for name, kind in FIELDS.items():
        value = fields.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"has {name}={value!r:.80}, expected {kind.__name__}"
    return ""


def normalised(body: bytes, where: str) -> tuple[str, list[bytes]]:
    """Read a document in any layout and order; return its `resume_after` and its lines as Sluice writes them.

    The whole document is in memory here. Raise StateError naming `where`, the line and the fault.
    """
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _corrupt(where, line, "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _corrupt(where, error.lineno, f"cannot be read ({error.msg}, column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        raise _corrupt(where, 1, f"cannot be read ({error})") from None
    files, resume_after = _checked(document, where)
    for key, fields in files.items():
        fault = fault_in(fields)
        if fault:
            raise _corrupt(where, _line_of(key, body), f"entry {key[:200]!r} {fault}")
    return resume_after, [_line(key, files[key]) for key in sorted(files)]


def _checked(document: object, where: str) -> tuple[dict[str, Any], str]:
    if not isinstance(document, dict):
        raise _corrupt(where, 1, f"is a {type(document).__name__}, expected an object")
    version, files = document.get("version"), document.get("files")
    if version != VERSION or isinstance(version, bool):
        raise _corrupt(where, 1, f"has version {version!r:.80}, this Sluice reads version {VERSION}")
    if not isinstance(files, dict):
        raise _corrupt(where, 1, f"has files={files!r:.80}, expected an object")
    unknown = sorted(set(document) - {"version", "files", "resume_after"})
    if unknown:
        raise _corrupt(where, 1, f"has fields that are not Sluice's: {unknown!r:.200}")
    resume_after = document.get("resume_after", "")
    if not _is_place(resume_after):
        raise _corrupt(where, 1, f"has resume_after={resume_after!r:.80}, expected the key of an object")
    return files, resume_after


def _is_place(value: object) -> bool:
    """Tell whether a scan can go on behind a value: whether it is empty or can be a key of S3."""
    if not isinstance(value, str):
        return False
    try:
        return len(value.encode()) <= MAX_KEY_BYTES
    except UnicodeEncodeError:
        return False


def _line(key: str, fields: Fields) -> bytes:
    ordered = {name: fields[name] for name in FIELDS} | fields
    ordered["etag"] = ordered["etag"].strip('"')
    one = {key: ordered}
    try:
        return json.dumps(one, ensure_ascii=False, separators=COMPACT)[1:-1].encode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an escape can carry
        return json.dumps(one, separators=COMPACT)[1:-1].encode()


def _line_of(key: str, body: bytes) -> int:
    at = max(body.find(quoted(key).encode(errors="replace")), body.find(json.dumps(key).encode()))
    return body.count(b"\n", 0, max(at, 0)) + 1


def _corrupt(where: str, line: int, what: str) -> StateError:
    return StateError(
        f"discovery state {where}, line {line}: {what}. It was left untouched and nothing was queued: "
        "mend it, or delete it to have every file queued again"
    )
