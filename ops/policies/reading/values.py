"""What an expression may be: the values of the abstract interpretation.

Values are compared by content (functions, classes and heap objects by what made them), so that sets of them
grow to a fixed point.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.policies.reading.state import Frame


class Value:
    """One thing an expression may be."""

    __slots__ = ()

    @property
    def depth(self) -> int:
        """How deep values are nested in this one; a bound on it makes the interpretation end."""
        return 0


Values = frozenset[Value]
NOTHING: Values = frozenset()


@dataclass(frozen=True)
class Opaque(Value):
    """Data of the outside world; it never holds a client."""


@dataclass(frozen=True)
class Nil(Value):
    """The value None."""


@dataclass(frozen=True)
class Setting:
    """A part of a text: the value of a field of Settings, after `replaced` pairs were replaced in it.

    With `is_item` it is any of the values of a field that maps names to texts.
    """

    name: str
    replaced: tuple[tuple[str, str], ...] = ()
    is_item: bool = False


@dataclass(frozen=True)
class Anything:
    """A part of a text that is not known."""


@dataclass(frozen=True)
class Text(Value):
    """A text as far as it is known: literal parts, settings, and unknown parts."""

    parts: tuple[str | Setting | Anything, ...]


Key = str | int | Text


@dataclass(frozen=True)
class SettingsRecord(Value):
    """The one Settings record."""


@dataclass(frozen=True)
class External(Value):
    """A name of the standard library or of a dependency, by its dotted path."""

    path: str


@dataclass(frozen=True)
class ModuleRef(Value):
    """A module of the project."""

    name: str


@dataclass(frozen=True)
class Client(Value):
    """A client of one AWS service."""

    service: str


@dataclass(frozen=True)
class Operation(Value):
    """A method of a client."""

    service: str
    name: str


@dataclass(frozen=True)
class Function(Value):
    """A function or lambda with the frame it was defined in; `owner` is the class that holds it, if any."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    owner: ClassRef | None = None
    kinds: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "<lambda>"

    @property
    def depth(self) -> int:
        return self.frame.depth


@dataclass(frozen=True)
class ClassRef(Value):
    """A class of the project, by the frame its body was run in."""

    frame: Frame

    @property
    def node(self) -> ast.ClassDef:
        """Return the class statement."""
        assert isinstance(self.frame.node, ast.ClassDef)
        return self.frame.node

    @property
    def depth(self) -> int:
        return self.frame.depth


@dataclass(frozen=True)
class Bound(Value):
    """A function with its first argument."""

    function: Function
    receiver: Value

    @property
    def depth(self) -> int:
        return 1 + max(self.function.depth, self.receiver.depth)


@dataclass(frozen=True)
class Super(Value):
    """The parents' view of an instance or class, as `super()` gives it inside a method of `owner`."""

    owner: ClassRef
    receiver: Value


@dataclass(frozen=True)
class Method(Value):
    """A method of a text, a container or opaque data."""

    receiver: Value
    name: str

    @property
    def depth(self) -> int:
        return 1 + self.receiver.depth


@dataclass(frozen=True)
class Trigger(Value):
    """A decorator of the Chalice app, such as `app.on_s3_event(bucket=…)`, with its named arguments."""

    kind: str
    options: tuple[tuple[str, Values], ...]


@dataclass(frozen=True, eq=False)
class Heap(Value):
    """Something that can change after it was made; one object per place that makes it."""

    made_at: str
    nested: int

    @property
    def depth(self) -> int:
        return self.nested


@dataclass(frozen=True, eq=False)
class Instance(Heap):
    """An instance of a class of the project."""

    cls: ClassRef
    attributes: dict[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Box(Heap):
    """A container: `known` by key (a text made of settings too) or position, `others` under any other key."""

    is_mapping: bool = False
    known: dict[Key, Values] = field(default_factory=dict)
    others: dict[str, Values] = field(default_factory=dict)

    @property
    def unknown(self) -> Values:
        """Return what may be under a key or position that is not known."""
        return self.others.get("", NOTHING)

    @property
    def elements(self) -> Values:
        """Return everything that may be in it."""
        return self.unknown.union(*self.known.values())


@dataclass(frozen=True, eq=False)
class Partial(Heap):
    """A callable with some arguments already given."""

    callees: dict[str, Values] = field(default_factory=dict)
    positional: tuple[Values, ...] = ()
    named: tuple[tuple[str, Values], ...] = ()


OPAQUE: Values = frozenset({Opaque()})
NIL: Values = frozenset({Nil()})


def text(literal: str) -> Values:
    """Return the set of one literal text."""
    return frozenset({Text((literal,))})


def literal_of(value: Value) -> str | None:
    """Return a text that is wholly known, else None."""
    if isinstance(value, Text) and len(value.parts) == 1 and isinstance(value.parts[0], str):
        return value.parts[0]
    return None


def key_of(value: Value) -> str | Text | None:
    """Return what `value` is as a known key of a mapping: a literal or a text made of settings, else None."""
    if isinstance(value, Text) and not any(isinstance(part, Anything) for part in value.parts):
        return literal_of(value) or value
    return None


def literals_of(values: Values) -> list[str] | None:
    """Return all texts when every value is a known one, else None."""
    found = [literal_of(value) for value in values]
    known = sorted(text for text in found if text is not None)
    return known if known and len(known) == len(found) else None


def union(many: Iterable[Values]) -> Values:
    """Return everything that any of `many` may be."""
    return NOTHING.union(*many)
