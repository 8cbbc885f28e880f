"""Containers: lists, tuples, sets, mappings, and the iterators that generators and views give."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from ops.policies.reading.machine import NIL, NOTHING, OPAQUE, Arguments, Method, Nil, Site, Value, Values, union
from ops.policies.reading.texts import Text, key_of, text

Key = str | int | Text
ADDING = frozenset({"append", "add", "insert", "appendleft"})
MERGING = frozenset({"extend", "update"})


@dataclass(frozen=True, eq=False)
class Box(Value):
    """A container: `known` by key (a text made of settings too) or position, `others` under any other key."""

    nested: int
    is_mapping: bool = False
    known: dict[Key, Values] = field(default_factory=dict)
    others: dict[str, Values] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return self.nested

    @property
    def unknown(self) -> Values:
        """Return what may be under a key or position that is not known."""
        return self.others.get("", NOTHING)

    @property
    def elements(self) -> Values:
        """Return everything that may be in it."""
        return self.unknown.union(*self.known.values())

    @property
    def shown(self) -> str:
        return "a container with a client"

    def held(self) -> Iterable[Values]:
        yield self.elements

    def put(self, at: Site, values: Values, key: Key | None = None) -> None:
        """Add `values` under a known key or an unknown one."""
        if key is None:
            at.machine.grow(self.others, "", values)
        else:
            at.machine.grow(self.known, key, values)

    def merge(self, at: Site, value: Value) -> None:
        """Put in what iterating over `value` gives; a mapping takes pairs, and of a mapping the keys too."""
        if isinstance(value, Nil) or value is self:  # None fails at run time
            return
        if not (self.is_mapping and isinstance(value, Box)):
            self.put(at, value.items(at))
        elif value.is_mapping:
            for key, values in value.known.items():
                self.put(at, values, key)
            if value.unknown:
                self.put(at, value.unknown)
        else:
            self.put(at, at.iterate(value.elements))

    def keys(self) -> Values:
        """Return what may be a key of this mapping."""
        known = union(_as_value(key) for key in self.known)
        return known | OPAQUE if self.unknown or not known else known

    def under(self, keys: Values) -> Values:
        """Return what may be under any of `keys`."""
        names = [key_of(key) for key in keys]
        if not self.is_mapping or None in names:
            return self.elements
        return union(self.known.get(name, NOTHING) for name in names if name is not None) | self.unknown

    def item_at(self, at: Site, index: int) -> Values:
        return self.items(at) if self.is_mapping else self.known.get(index, NOTHING) | self.unknown

    def attribute(self, _at: Site, name: str) -> Values:
        return frozenset({Method(self, name)})

    def items(self, _at: Site) -> Values:
        return self.keys() if self.is_mapping else self.elements

    def item(self, at: Site, keys: Values) -> Values:
        index = at.node.slice if isinstance(at.node, ast.Subscript) else None
        if isinstance(index, ast.Slice):
            return frozenset({self})
        if isinstance(index, ast.Constant) and isinstance(index.value, int):
            return self.known.get(index.value, NOTHING) | self.unknown or OPAQUE
        return self.under(keys)

    def store(self, at: Site, keys: Values, values: Values) -> None:
        at.escape(keys)
        for key in keys:
            self.put(at, values, key_of(key) if self.is_mapping else None)

    def enter(self, _at: Site) -> Values:
        return self.elements  # a generator made into a context manager

    def method(self, at: Site, name: str, given: Arguments) -> Values:
        if name in ADDING:
            self.put(at, given.all())
            return NIL
        if name in MERGING:
            for value in union(given.positional) | given.star:
                self.merge(at, value)
            for key, values in given.named.items():
                self.put(at, values, key)
            return NIL
        if name in {"get", "pop", "setdefault", "popleft"}:
            return self._taken(at, name, given)
        if name == "items":
            return self._pairs(at)
        if name in {"keys", "values"}:
            return sequence(at, self.keys() if name == "keys" else self.elements, "view")
        if name not in {"sort", "clear"}:  # they give back nothing of what is in it
            at.escape(self.elements)
        at.escape(given.all())
        return OPAQUE

    def _taken(self, at: Site, name: str, given: Arguments) -> Values:
        if name == "setdefault" and len(given.positional) == 2:
            self.store(at, *given.positional)
        keys = given.positional[0] if given.positional and self.is_mapping else OPAQUE
        return self.under(keys) | union(given.positional[1:]) | NIL

    def _pairs(self, at: Site) -> Values:
        pairs = [row(at, [_as_value(key), values], f"item {key}") for key, values in self.known.items()]
        if self.unknown:
            pairs.append(row(at, [OPAQUE, self.unknown], "any item"))
        return sequence(at, union(pairs), "items")


def _as_value(key: Key) -> Values:
    return text(key) if isinstance(key, str) else frozenset({key}) if isinstance(key, Text) else OPAQUE


def box(at: Site, role: str = "", *, mapping: bool = False) -> Box:
    """Return the container that a node makes in its frame: always the same one."""
    key = ("box", at.node, role, at.frame)
    if key not in at.machine.heap:
        at.machine.heap[key] = Box(at.frame.depth + 1, mapping)
        at.machine.changed = True
    found: Box = at.machine.heap[key]
    return found


def sequence(at: Site, elements: Values, role: str = "") -> Values:
    """Return a container of `elements`, in no known order."""
    made = box(at, role)
    made.put(at, elements)
    return frozenset({made})


def row(at: Site, columns: list[Values], role: str = "") -> Values:
    """Return a container with each of `columns` at its position."""
    made = box(at, role)
    for index, values in enumerate(columns):
        made.put(at, values, index)
    return frozenset({made})


def mapping(at: Site, given: Arguments, role: str = "") -> Values:
    """Return what `dict(…)` makes of these arguments."""
    made = box(at, role, mapping=True)
    made.method(at, "update", given)
    if given.rest:
        made.put(at, given.rest)
    return frozenset({made})
