"""Which table an object belongs to, by the names in its key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_BOUNDARY = re.compile(r"[\W_]")  # what is not alphanumeric


class TableMatcher:
    """Matches keys to table names, case-insensitively; the longest name that matches wins."""

    def __init__(self, tables: Iterable[str]) -> None:
        self.tables = tuple(sorted({table.strip().lower() for table in tables} - {""}))
        self._names = frozenset(self.tables)
        self._of_folders = lru_cache(maxsize=1024)(self._longest)

    def table_of(self, key: str) -> str | None:
        """Return the table of `key`.

        An object belongs to a table when a path segment equals its name, or when the file's stem equals it
        or starts with it followed by a character that is not alphanumeric.
        """
        folders, _, name = key.lower().rpartition("/")
        found = max(self._of_folders(folders), self._of_file(name), key=len)
        return found or None

    def _longest(self, folders: str) -> str:
        return max(self._names.intersection(folders.split("/")), key=len, default="")

    def _of_file(self, name: str) -> str:
        if name in self._names:
            return name
        stem = name.rpartition(".")[0] or name
        starts = [stem, *(stem[: boundary.start()] for boundary in _BOUNDARY.finditer(stem))]
        return max(self._names.intersection(starts), key=len, default="")
