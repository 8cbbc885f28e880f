"""The first line of a CSV file, held against the columns that it must name. Pure."""

from __future__ import annotations

import csv
from codecs import getincrementaldecoder
from collections.abc import Sequence
from io import StringIO

from chalicelib.packed import kind_of

NAMES_SHOWN = 10


def wrong_header(start: bytes, size: int, columns: Sequence[str], delimiter: str) -> str:
    """Say in what the header of a file differs from `columns`; empty when it names them, in their order.

    `start` is the beginning of a file of `size` bytes. A header that is longer than `start` passes when what
    is in it is what the header of `columns` begins with: the rest of it is not looked at.
    """
    if not start:
        return "it is empty: its first line must name the columns"
    if what := kind_of(start):
        return f"it is {what}, no text that names the columns"
    is_whole = len(start) >= size
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(start, final=is_whole)
        names, has_end = _first_record(text, delimiter)
    except (UnicodeDecodeError, csv.Error) as error:
        return f"its first line cannot be read as CSV in UTF-8: {error}"
    if has_end or is_whole:
        return _difference(names, columns)
    *before, last = names or [""]
    return _difference(before, columns[: len(before)]) or _difference_of_begun(last, columns[len(before) :])


def _first_record(text: str, delimiter: str) -> tuple[list[str], bool]:
    """Return the first record, which may span lines within quotes, and whether its end is in the text."""
    lines = StringIO(text, newline="")
    names = next(csv.reader(lines, delimiter=delimiter), [])
    read = text[: lines.tell()]
    return names, read.endswith(("\n", "\r")) and read.count('"') % 2 == 0


def _difference_of_begun(name: str, columns: Sequence[str]) -> str:
    """Say in what a name that goes on behind what is known cannot be the first of the columns that follow."""
    if not columns:
        return f"its header is not that of its job: surplus {name!r:.80}"
    if columns[0].startswith(name):
        return ""
    return f"its header is not that of its job: {name!r:.80} begins a column, expected {columns[0]!r:.80}"


def _difference(names: Sequence[str], columns: Sequence[str]) -> str:
    missing = [name for name in columns if name not in names]
    surplus = [name for name in dict.fromkeys(names) if name not in columns or names.count(name) > 1]
    if missing or surplus:
        told = [f"missing {_listed(missing)}"] * bool(missing) + [f"surplus {_listed(surplus)}"] * bool(
            surplus
        )
        return f"its header is not that of its job: {', '.join(told)}"
    misplaced = next(
        (at for at, pair in enumerate(zip(names, columns, strict=True)) if pair[0] != pair[1]), None
    )
    if misplaced is None:
        return ""
    found, expected = names[misplaced], columns[misplaced]
    return (
        f"its header is in another order: column {misplaced + 1} is {found!r:.80}, expected {expected!r:.80}"
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(f"{name!r:.80}" for name in names[:NAMES_SHOWN]) + (
        f" and {more} more" if more > 0 else ""
    )
