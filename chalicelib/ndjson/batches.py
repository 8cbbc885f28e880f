"""Which files form a batch, and how lists and manifests' records store them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chalicelib.aws.items import Row

NAMES_LIMIT_BYTES = 300 * 1024  # of a record's members as stored: DynamoDB's items end at 400 KB


class Member(NamedTuple):
    """A file of a manifest's record: its row's name and revision, its S3 URL, its size."""

    row_name: str
    revision: int
    path: str
    size_bytes: int


def member_of(row: Row) -> Member:
    """Return a pending row as a member."""
    return Member(row["file_name"], row["revision"], row["file_path"], row["size_bytes"])


def waiting_in(lists: Iterable[Row]) -> list[Member]:
    """Return what lists name, in order of arrival, each file once and in its latest revision.

    Two lists may name a file, as a repeat of its message lists it again; a plan must name it once.
    """
    latest: dict[str, Member] = {}
    for each in lists:
        for member in from_json(each["members"]):
            if member.revision >= latest.get(member.row_name, member).revision:
                latest[member.row_name] = member
    return list(latest.values())


def left_of(members: Iterable[Member], planned: Mapping[str, int]) -> list[Member]:
    """Return the members that are not planned in their revision, or a later one; `planned` is by name."""
    return [member for member in members if member.revision > planned.get(member.row_name, 0)]


def to_json(members: Iterable[Member]) -> str:
    """Return members as a record stores them: compactly, and without the name when the path ends in it."""
    return json.dumps([_fields(member) for member in members], separators=(",", ":"))


def from_json(text: str) -> list[Member]:
    """Return the members that `to_json` wrote."""
    return [
        Member(name[0] if name else _name_of(path), revision, path, size)
        for path, revision, size, *name in json.loads(text)
    ]


def create_batches(files: list[Member], max_size: int, *, flush: bool = False) -> list[list[Member]]:
    """Group files in order, each batch at most `max_size` bytes unless a single file is bigger.

    A batch also ends where its names would pass what one record holds. The last, partial batch is kept when
    it is at least half full or the only one, and always when `flush`; else its files stay pending.
    """
    batches: list[list[Member]] = []
    current: list[Member] = []
    size = names = 0
    for file in files:
        stored = len(to_json([file]))
        if current and (size + file.size_bytes > max_size or names + stored > NAMES_LIMIT_BYTES):
            batches.append(current)
            current, size, names = [], 0, 0
        current.append(file)
        size += file.size_bytes
        names += stored
    if current and (flush or size * 2 >= max_size or not batches):
        batches.append(current)
    return batches


def size_of(files: Iterable[Member]) -> int:
    """Return the bytes of files together."""
    return sum(file.size_bytes for file in files)


def _fields(member: Member) -> list[str | int]:
    fields: list[str | int] = [member.path, member.revision, member.size_bytes]
    return fields if member.row_name == _name_of(member.path) else [*fields, member.row_name]


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]
