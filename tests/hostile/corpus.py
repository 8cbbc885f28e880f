"""Hostile keys, values and documents, as someone will send them one day."""

from __future__ import annotations

import gzip
from typing import Any

SECRET = "4f9c-card-4111-1111"  # every hostile file contains it, and no log line may

PREFIX = "data/in/"
ROOM = 1024 - len(PREFIX)
CHARACTERS = [chr(number) for number in range(1, 128) if chr(number) != "/"]
SEQUENCES = [
    "%", "%%", "%2", "%zz", "%00", "%0a", "%2F..%2F", "%41.csv", "%25%32%35", "+", "a+b", "a%2Bb",
    "a b", "&amp;", "&#60;", "<script>alert(1)</script>.csv", "<img src=x onerror=alert(1)>",
    "javascript:alert(1)", "'; DROP TABLE catalog; --", '"}],"status":"triggered"', "{0}{key}%s%n",
    "${jndi:ldap://x}", "$(reboot)", "`id`", "=cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "+1",
    "\\\\host\\share", "C:\\x", "..", "../..", "../../x", "a/../b", "./x", "a//b", "//x", "a/./b",
    "~", ".hidden", "con", "nul.csv", "trailing.", "trailing ", " leading", "\ttab", "line\nbreak",
    'x\n{"level":"INFO","message":"forged"}', "\r\nHeader: x", "\x1b[31mred\x1b[0m", "\x07bell",
    "\u2028line", "\u2029paragraph", "\u0085next", "\u202egnp.exe", "\u200bzero", "\ufeffbom", "é",
    "e\u0301", "\u212b", "ﬁ", "日本語", "🎉", "👩‍👩‍👧", "\U0010ffff", "\ufffd", "Ω≈ç", "ﷺ", "İ", "ß",
    "\u017f", "#status", ":value", "LOCK#x", "COUNTER#x", "MANIFEST#2026-01-01", "alert#x",
    "config.json", "data/new_files/x", "x" * ROOM, "é" * (ROOM // 2), "🎉" * (ROOM // 4),
    "a/" * (ROOM // 2 - 1) + "b", "x" * 300 + ".csv",
]  # fmt: skip

WRONG_VALUES: list[Any] = [None, 0, -1, 1e400, True, "", "\ud800", [], [None], {}, {"a": {}}, "x" * 70_000]

NDJSON: dict[str, tuple[bytes, str]] = {
    "plain": (b'{"a": 1}\n', "pending"),
    "no last line end": (b'{"a": 1}', "pending"),
    "CRLF": (b'{"a": 1}\r\n{"b": 2}\r\n', "pending"),
    "BOM": (b'\xef\xbb\xbf{"a": 1}\n', "pending"),
    "blank lines": (b'\n\n{"a": 1}\n\n \n', "pending"),
    "escapes and emoji": ('{"ü": "\\u0000 🎉"}\n'.encode(), "pending"),
    "a key twice": (b'{"a": 1, "a": 2}\n', "pending"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}\n", "pending"),
    "a long line": (b'{"a": "' + b"x" * 200_000 + b'"}\n', "pending"),
    "deep but closed": (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}\n", "pending"),
    "empty": (b"", "quarantined"),
    "only blanks": (b" \n\t\n", "quarantined"),
    "only a BOM": (b"\xef\xbb\xbf", "quarantined"),
    "null": (b"null\n", "quarantined"),
    "a list": (b"[1, 2]\n", "quarantined"),
    "a text": (b'"x"\n', "quarantined"),
    "a number": (b"1\n", "quarantined"),
    "NaN": (b'{"a": NaN}\n', "quarantined"),
    "Infinity": (b'{"a": -Infinity}\n', "quarantined"),
    "half a line": (b'{"a": 1}\n{"b"\n', "quarantined"),
    "one quote": (b"{'a': 1}\n", "quarantined"),
    "a trailing comma": (b'{"a": 1,}\n', "quarantined"),
    "two objects on a line": (b'{"a": 1}{"b": 2}\n', "quarantined"),
    "pretty printed": (b'{\n  "a": 1\n}\n', "quarantined"),
    "a raw control character": (b'{"a": "\x01"}\n', "quarantined"),
    "NUL bytes": (b"\x00" * 100 + b"\n", "quarantined"),
    "invalid UTF-8": (b'{"a": "\xff\xfe"}\n', "quarantined"),
    "Latin-1": ('{"a": "ü"}\n'.encode("latin-1"), "quarantined"),
    "UTF-16": ('{"a": 1}\n'.encode("utf-16"), "quarantined"),
    "a second BOM": (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}\n', "quarantined"),
    "gzip": (b"\x1f\x8b\x08\x00" + b"\x00" * 50 + b"\n", "quarantined"),
    "gzip packed": (gzip.compress(b'{"b": 1}\n' * 100), "pending"),
    "several gzip streams packed": (gzip.compress(b'{"b": 1}\n') * 3, "pending"),
    "a gzip bomb of blanks packed": (gzip.compress(b" " * 30_000_000), "quarantined"),
    "a gzip bomb of one object packed": (gzip.compress(b'{"b": "' + b"x" * 30_000_000), "pending"),
    "gzip within gzip packed": (gzip.compress(gzip.compress(b"{}")), "quarantined"),
    "cut gzip packed": (gzip.compress(b'{"b": 1}\n' * 100)[:-9], "quarantined"),
    "broken gzip packed": (b"\x1f\x8b\x08\x00" + b"\xff" * 50, "quarantined"),
    "no gzip packed": (b'{"b": 1}\n', "quarantined"),
    "an array packed": (gzip.compress(b'[{"b": 1}]'), "quarantined"),
    "a ZIP archive": (b"PK\x03\x04" + b"\x00" * 50, "quarantined"),
    "CSV": (b"a,b\n1,2\n", "quarantined"),
    "a first line longer than what is read": (b'{"a": ' + b"[" * 100_000 + b"\n", "pending"),
    "nested 30,000 deep": (b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}\n", "quarantined"),
    "markup": (b"<html></html>\n", "quarantined"),
}

HEADERS: dict[str, tuple[bytes, str]] = {  # of a job whose columns are id and größe
    "plain": ("id,größe\n1,2\n".encode(), "triggered"),
    "BOM, quotes, CR": ('\ufeff"id","größe"\r1,2\r'.encode(), "triggered"),
    "no line end": ("id,größe".encode(), "triggered"),
    "decomposed letters": ("id,gro\u0308ße\n".encode(), "rejected"),
    "Latin-1": ("id,größe\n".encode("latin-1"), "rejected"),
    "UTF-16": ("id,größe\n".encode("utf-16"), "rejected"),
    "gzip": (gzip.compress("id,größe\n".encode()), "rejected"),
    "a gzip bomb": (gzip.compress(b"x" * 10_000_000), "rejected"),
    "a ZIP archive": (b"PK\x03\x04" + b"\x00" * 50, "rejected"),
    "NUL bytes": (b"\x00" * 5000, "rejected"),
    "control characters": (b"id,\x1b[31mred\x07\n", "rejected"),
    "a forged line": (b'id,"x\nMoved to: https://evil.example"\n', "rejected"),
    "marks of direction": ("id,\u202eexe.\u2028\n".encode(), "rejected"),
    "a quote without end": (b'"id,' + b"x" * 5000, "rejected"),
    "a name longer than what is read": (b"x" * 100_000, "rejected"),
    "100,000 columns": (b",".join([b"x"] * 100_000), "rejected"),
    "the same column for ever": (b"id," * 50_000, "rejected"),
    "only delimiters": (b"," * 5000, "rejected"),
    "blank lines": (b"\n" * 5000, "rejected"),
    "another delimiter": ("id;größe\n".encode(), "rejected"),
    "a formula": (b"=cmd|' /C calc'!A0,id\n", "rejected"),
}

CONFIGS: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "null": b"null",
    "a text": b'"jobs"',
    "an object": b"{}",
    "a list of lists": b"[[]]",
    "a list of null": b"[null]",
    "NaN": b"[NaN]",
    "UTF-16": "[]".encode("utf-16"),
    "invalid UTF-8": b'["\xff"]',
    "binary": bytes(range(256)),
    "nested 100,000 deep": b"[" * 100_000,
    "10 MB of text": b'"' + b"x" * 10_000_000,
    "10 MB of wrong jobs": b"[" + b",".join([b'{"job_id": 1}'] * 60_000) + b"]",
    "markup": b"<xml/>",
}


def substituted(value: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    """Return a copy of a nested value with the part at `path` replaced."""
    if not path:
        return replacement
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = substituted(copy[path[0]], path[1:], replacement)
    return copy


def paths(value: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a nested value, itself included."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [prefix, *(path for name, part in parts for path in paths(part, (*prefix, name)))]
