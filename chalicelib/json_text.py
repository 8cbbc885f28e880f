"""JSON as people write it: a field given twice in one object is a fault, and faults have lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[int | str, ...]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


class RepeatedFieldError(ValueError):
    """One object of a JSON text has a field twice; `name` is that field."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r:.80} is given twice in one object: keep one of them")
        self.name = name


def _refuse_repeated(name: str) -> None:
    raise RepeatedFieldError(name)


def read_json(text: str | bytes, repeated: Callable[[str], None] = _refuse_repeated) -> Any:
    """Read a JSON text; raise ValueError for what is not JSON, which NaN and Infinity are not either.

    `repeated` is called with each field that an object has twice; by default that is a RepeatedFieldError.
    Raise RecursionError for a text that is nested too deeply.
    """

    def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) < len(pairs):
            names = [name for name, _ in pairs]
            for name in sorted({name for name in names if names.count(name) > 1}):
                repeated(name)
        return read

    return json.loads(text, object_pairs_hook=read_object, parse_constant=_refuse_constant)


def places(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path and the line of every item of a list and field of an object of a valid JSON text."""
    line, seen = 1, 0
    around: list[
        int | str | None
    ] = []  # of each open list its last index, of each open object its last field
    is_list: list[bool] = []
    awaited = False  # whether the next token is an item of a list or the name of a field
    for token in TOKEN.finditer(text):
        what, start = token[0], token.start()
        line += text.count("\n", seen, start)
        seen = start
        if awaited and what not in "]}":
            last = around[-1]
            around[-1] = (last + 1 if isinstance(last, int) else 0) if is_list[-1] else json.loads(what)
            yield tuple(part for part in around if part is not None), line
            awaited = False
        if what in "[{":
            around.append(None)
            is_list.append(what == "[")
            awaited = True
        elif what in "]}":
            around.pop()
            is_list.pop()
            awaited = False
        elif what == ",":
            awaited = True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
