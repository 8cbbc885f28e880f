"""Texts made of settings, such as an ARN built from another one."""

from __future__ import annotations

from itertools import product

from ops.policies.reading.values import (
    OPAQUE,
    Anything,
    Setting,
    Text,
    Value,
    Values,
    literal_of,
    text,
    union,
)

MAX_PARTS = 12
MAX_COMBINATIONS = 64


def concatenated(left: Values, right: Values) -> Values | None:
    """Return the texts that joining gives, None when neither side is made of a setting."""
    return formatted([left, right]) if any(map(_has_setting, left | right)) else None


def formatted(pieces: list[Values]) -> Values:
    """Return the texts that the pieces give in every combination; data when no setting is in them."""
    combinations = 1
    for piece in pieces:
        combinations *= max(len(piece), 1)
    if combinations > MAX_COMBINATIONS or not any(map(_has_setting, union(pieces))):
        return OPAQUE
    return frozenset(_joined(combination) for combination in product(*pieces))


def replaced(value: Text, old: str, new: str) -> Values:
    """Return the text with every `old` replaced; parts are taken one by one."""
    parts = tuple(_part_replaced(part, old, new) for part in value.parts)
    return frozenset({Text(parts)})


def _part_replaced(part: str | Setting | Anything, old: str, new: str) -> str | Setting | Anything:
    if isinstance(part, str):
        return part.replace(old, new)
    if isinstance(part, Setting):
        return Setting(part.name, (*part.replaced, (old, new)), part.is_item)
    return part


def item_of_setting(value: Text) -> Text | None:
    """Return what an item of a setting may be; None for an item of any other text."""
    part = value.parts[0]
    if len(value.parts) > 1 or not isinstance(part, Setting) or part.replaced or part.is_item:
        return None
    return Text((Setting(part.name, is_item=True),))


def _has_setting(value: Value) -> bool:
    return isinstance(value, Text) and any(isinstance(part, Setting) for part in value.parts)


def _joined(values: tuple[Value, ...]) -> Value:
    parts: list[str | Setting | Anything] = []
    for value in values:
        parts += value.parts if isinstance(value, Text) else (Anything(),)
    if len(parts) > MAX_PARTS:
        return next(iter(OPAQUE))
    return Text(tuple(parts))


def text_method(value: Text, name: str, arguments: list[Values]) -> Values:
    """Return what a method of a text gives: `replace` with literals is followed, all else is data."""
    if name == "replace" and len(arguments) == 2:
        old, new = (_only_literal(values) for values in arguments)
        if old is not None and new is not None:
            return replaced(value, old, new) if _has_setting(value) else text_replaced(value, old, new)
    return OPAQUE


def text_replaced(value: Text, old: str, new: str) -> Values:
    """Return a wholly known text with `old` replaced."""
    literal = literal_of(value)
    return OPAQUE if literal is None else text(literal.replace(old, new))


def _only_literal(values: Values) -> str | None:
    return literal_of(next(iter(values))) if len(values) == 1 else None
