"""Data of our own: texts as far as they are known, and the containers that hold what is not data."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from math import prod

from ops.policies.reading.core import NIL, OPAQUE, Arguments, Made, Method, Opaque, Site, Value, Values, union

MAX_PARTS = 12
MAX_COMBINATIONS = 64


@dataclass(frozen=True)
class Setting:
    """A part of a text: the value of a field of Settings, after `replaced` pairs were replaced in it.

    With `is_item` it is any of the values of a field that maps names to texts.
    """

    name: str
    replaced: tuple[tuple[str, str], ...] = ()
    is_item: bool = False

    def replace(self, old: str, new: str) -> Setting:
        """Return the part after one more replacement."""
        return Setting(self.name, (*self.replaced, (old, new)), self.is_item)


Part = str | Setting | None  # None: a part that is not known


@dataclass(frozen=True)
class Text(Opaque):
    """A text: literal parts, settings, and unknown parts."""

    parts: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """Return a text that is wholly known, else None."""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None

    @property
    def has_setting(self) -> bool:
        return any(isinstance(part, Setting) for part in self.parts)

    def item(self, at: Site, keys: Values) -> Values:
        """Return any value of a setting that maps names to texts."""
        first = self.parts[0]
        if len(self.parts) == 1 and isinstance(first, Setting) and not first.replaced and not first.is_item:
            return frozenset({Text((Setting(first.name, is_item=True),))})
        return super().item(at, keys)

    def method(self, at: Site, name: str, given: Arguments) -> Values:
        """Follow `replace` with literals; what other methods give is data."""
        literals = [literals_of(values) or [] for values in given.positional]
        if name != "replace" or [len(found) for found in literals] != [1, 1]:
            return super().method(at, name, given)
        ((old,), (new,)) = literals
        return frozenset({Text(tuple(part and part.replace(old, new) for part in self.parts))})


def text(literal: str) -> Values:
    """Return the set of one literal text."""
    return frozenset({Text((literal,))})


def literals_of(values: Values) -> list[str] | None:
    """Return all texts when every value is a known one, else None."""
    found = [value.literal for value in values if isinstance(value, Text) and value.literal is not None]
    return sorted(found) if found and len(found) == len(values) else None


def key_of(value: Value) -> str | Text | None:
    """Return what `value` is as a known key of a mapping: a literal or a text made of settings, else None."""
    if isinstance(value, Text) and None not in value.parts:
        return value.literal or value
    return None


def formatted(pieces: list[Values]) -> Values:
    """Return the texts that the pieces give in every combination; data without setting or first folder."""
    pieces = [piece - NIL or piece for piece in pieces]  # nothing is named by None
    named = any(str(one.parts[0]).endswith("/") for one in union(pieces[:1]) if isinstance(one, Text))
    named = named or any(isinstance(value, Text) and value.has_setting for value in union(pieces))
    if not named or prod(map(len, pieces)) > MAX_COMBINATIONS:
        return OPAQUE
    return union(_joined(combination) for combination in product(*pieces))


def _joined(values: tuple[Value, ...]) -> Values:
    parts: list[Part] = []
    for value in values:
        parts += value.parts if isinstance(value, Text) else (None,)
    return frozenset({Text(tuple(parts))}) if len(parts) <= MAX_PARTS else OPAQUE


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
            spread = [one for one in given.rest if isinstance(one, Box)]
            for value in union(given.positional).union(spread):
                self.merge(at, value)
            for key, values in given.named.items():
                self.put(at, values, key)
            self.put(at, given.rest)
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
