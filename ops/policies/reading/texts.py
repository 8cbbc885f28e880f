"""Texts as far as they are known: literals, settings, and what is built of them, as one ARN of another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

from ops.policies.reading.core import OPAQUE, Arguments, Opaque, Site, Value, Values, union

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
        """Tell whether a setting is in it."""
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
    """Return the texts that the pieces give in every combination; data when no setting is in them."""
    has_setting = any(isinstance(value, Text) and value.has_setting for value in union(pieces))
    if not has_setting or prod(map(len, pieces)) > MAX_COMBINATIONS:
        return OPAQUE
    return union(_joined(combination) for combination in product(*pieces))


def _joined(values: tuple[Value, ...]) -> Values:
    parts: list[Part] = []
    for value in values:
        parts += value.parts if isinstance(value, Text) else (None,)
    return frozenset({Text(tuple(parts))}) if len(parts) <= MAX_PARTS else OPAQUE
