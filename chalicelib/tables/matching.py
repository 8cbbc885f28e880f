"""Which table an object belongs to, by the names in its key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

_BOUNDARY = re.compile(r"[\W_]")  # what is not alphanumeric


class TableMatcher:
    """Matches keys to table names, case-insensitively and in any Unicode form; the longest match wins.

    A table matches by its whole name, and by its last part (`customers` of `public.customers`) unless that is
    another table's name or last part too.
    """

    def __init__(self, tables: Iterable[str]) -> None:
        self.tables = tuple(sorted({normalize("NFC", table.strip().lower()) for table in tables} - {""}))
        last_parts = Counter(map(_last_part, self.tables))
        unique = {_last_part(table): table for table in self.tables if last_parts[_last_part(table)] == 1}
        self._table_of = {**unique, **{table: table for table in self.tables}}
        self._names = self._table_of.keys()
        self._of_folders = lru_cache(maxsize=1024)(self._longest)

    def table_of(self, key: str) -> str | None:
        """Return the table of `key`.

        An object belongs to a table when a path segment equals its name, or when the file's stem equals it
        or starts with it followed by a character that is not alphanumeric.
        """
        folders, _, name = normalize("NFC", key.lower()).rpartition("/")
        found = max(self._of_folders(folders), self._of_file(name), key=len)
        return self._table_of.get(found)

    def _longest(self, folders: str) -> str:
        return max(self._names & folders.split("/"), key=len, default="")

    def _of_file(self, name: str) -> str:
        if name in self._names:
            return name
        stem = name.rpartition(".")[0] or name
        starts = [stem, *(stem[: boundary.start()] for boundary in _BOUNDARY.finditer(stem))]
        return max(self._names & starts, key=len, default="")


def _last_part(table: str) -> str:
    return table.rpartition(".")[2] or table
