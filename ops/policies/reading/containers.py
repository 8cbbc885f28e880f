"""Containers: lists, tuples, sets, mappings, and the iterators that generators and views give."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from ops.policies.reading.core import NIL, OPAQUE, Arguments, Made, Method, Site, Value, Values, union
from ops.policies.reading.texts import Text, key_of, text

Key = str | int | Text


@dataclass(frozen=True, eq=False)
class Box(Made):
    """A container: what is in it by key (a text made of settings too) or position, else under None."""

    is_mapping: bool = False
    known: dict[Key | None, Values] = field(default_factory=dict)

    @property
    def unknown(self) -> Values:
        """Return what may be under a key or position that is not known."""
        return self.known.get(None, frozenset())

    def held(self) -> Iterable[Values]:
        return self.known.values()

    def put(self, at: Site, values: Values, key: Key | None = None) -> None:
        """Add `values` under a known key or an unknown one."""
        if values or key is not None:
            at.grow(self.known, key, values)

    def merge(self, at: Site, value: Value) -> None:
        """Put in what iterating over `value` gives; a mapping takes pairs, and of a mapping the keys too."""
        if not (self.is_mapping and isinstance(value, Box)):
            self.put(at, value.items(at))
        elif not value.is_mapping:
            self.put(at, at.iterate(value.items(at)))
        elif value is not self:
            for key, values in value.known.items():
                self.put(at, values, key)

    def under(self, keys: Values) -> Values:
        """Return what may be under any of `keys`."""
        names = [key_of(key) for key in keys]
        if not self.is_mapping or None in names:
            return union(self.held())
        return union(self.known.get(name, self.unknown) for name in names if name is not None) | self.unknown

    def attribute(self, _at: Site, name: str) -> Values:
        return frozenset({Method(self, name)})

    def items(self, _at: Site) -> Values:
        return union(map(_as_value, self.known)) or OPAQUE if self.is_mapping else union(self.held())

    def at_position(self, index: int) -> Values:
        """Return what may be at a position of a sequence."""
        return self.known.get(index, self.unknown) | self.unknown

    def item(self, at: Site, keys: Values) -> Values:
        index = at.node.slice if isinstance(at.node, ast.Subscript) else None
        if isinstance(index, ast.Slice):
            return frozenset({self})
        if isinstance(index, ast.Constant) and isinstance(index.value, int):
            return self.at_position(index.value) or OPAQUE
        return self.under(keys)

    def store(self, at: Site, keys: Values, values: Values) -> None:
        at.escape(keys)
        for key in keys:
            self.put(at, values, key_of(key) if self.is_mapping else None)

    def method(self, at: Site, name: str, given: Arguments) -> Values:
        if name in {"append", "add", "insert", "appendleft"}:
            self.put(at, given.all())
        elif name in {"extend", "update"}:
            for value in union(given.positional):
                self.merge(at, value)
            for key, values in given.named.items():
                self.put(at, values, key)
            spread = frozenset(value for value in given.rest if isinstance(value, Box))
            self.put(at, given.rest | at.iterate(spread))
        elif name in {"__enter__", "get", "items", "keys", "pop", "popleft", "setdefault", "values"}:
            return self._taken(at, name, given)
        else:
            at.escape(given.all() if name in {"sort", "clear"} else given.all().union(*self.held()))
        return OPAQUE

    def _taken(self, at: Site, name: str, given: Arguments) -> Values:
        if name == "__enter__":  # of a generator made into a context manager
            return union(self.held())
        if name in {"keys", "values"}:
            return sequence(at, self.items(at) if name == "keys" else union(self.held()))
        if name == "items":
            return rows(at, [self.items(at), union(self.held())])
        first, *others = given.positional or [OPAQUE]
        if name == "setdefault" and others:
            self.store(at, first, others[0])
        return self.under(first) | union(others) | NIL


def _as_value(key: Key | None) -> Values:
    return text(key) if isinstance(key, str) else frozenset({key}) if isinstance(key, Text) else OPAQUE


def box(at: Site, *, mapping: bool = False, role: str = "") -> Box:
    """Return the container that a node makes in its frame: always the same one."""
    key = (at.node, at.frame, mapping, role)
    found: Box = at.known.heap.setdefault(key, Box(at.frame, mapping))
    return found


def sequence(at: Site, elements: Values) -> Values:
    """Return a container of `elements`, in no known order."""
    made = box(at)
    made.put(at, elements)
    return frozenset({made})


def rows(at: Site, columns: list[Values]) -> Values:
    """Return a container of containers, each with the `columns` at their positions."""
    row = box(at, role="row")
    for index, values in enumerate(columns):
        row.put(at, values, index)
    return sequence(at, frozenset({row}))


def mapping(at: Site, given: Arguments) -> Values:
    """Return what `dict(…)` makes of these arguments."""
    made = box(at, mapping=True)
    made.method(at, "update", given)
    return frozenset({made})
