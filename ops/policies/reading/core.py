"""What an expression may be, and where the reading stands.

All that is known only grows: names, attributes and containers hold sets of what they may be, and the project
is run again until nothing new is learnt. Each kind of value is a subclass of `Value`, most in other modules.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ops.policies.reading.sources import Project, Refused, Source

FOLLOWED = frozenset({"__init__", "__enter__"})
NAMES_OF_THINGS = frozenset({"__name__", "__doc__", "__qualname__", "__module__", "__class__", "__file__"})


class Value:
    """One thing an expression may be; each kind says what the code can do with it.

    A use that a kind says nothing about is refused, or takes it as plain data that must not hold a client.
    """

    outside = ""  # the dotted path of what is not of the project
    is_client = False

    def __str__(self) -> str:
        return f"a {type(self).__name__.lower()}"

    @property
    def depth(self) -> int:
        """Return how deep values are nested in this one; a bound on it makes the reading end."""
        return 1 + max((value.depth for values in self.held() for value in values), default=-1)

    def held(self) -> Iterable[Values]:
        """Return what can be got at through its data, not by calling it."""
        return ()

    def escaped(self, _at: Site) -> Values:
        """Let whoever has it do with it what can be done; return what that brings out."""
        return union(self.held())

    def attribute(self, at: Site, name: str) -> Values:
        raise at.refuse(f"{name} of {self} cannot be followed")

    def write(self, at: Site, name: str, _values: Values) -> None:
        raise at.refuse(f"{name} of {self} is replaced, which cannot be followed")

    def call(self, at: Site, _given: Arguments) -> Values:
        raise at.refuse(f"{self} is called")

    def method(self, at: Site, _name: str, given: Arguments) -> Values:
        """Return what calling one of its methods may give."""
        at.escape(given.all())
        return OPAQUE

    def items(self, at: Site) -> Values:
        """Return what iterating over it may give."""
        at.escape(frozenset({self}))
        return OPAQUE

    def item(self, at: Site, keys: Values) -> Values:
        """Return what `self[key]` may be."""
        at.escape(keys)
        return self.items(at)

    def store(self, at: Site, keys: Values, values: Values) -> None:
        at.escape(keys | values)


Values = frozenset[Value]
NOTHING: Values = frozenset()


def union(many: Iterable[Values]) -> Values:
    """Return everything that any of `many` may be."""
    return NOTHING.union(*many)


@dataclass(frozen=True)
class Opaque(Value):
    """Data of the outside world; it never holds a client."""

    def attribute(self, _at: Site, name: str) -> Values:
        return frozenset({Method(self, name)})

    def write(self, at: Site, _name: str, values: Values) -> None:
        at.escape(values)

    def call(self, at: Site, given: Arguments) -> Values:
        return self.method(at, "", given)


@dataclass(frozen=True)
class Nil(Opaque):
    """The value None: what is done with it fails at run time, so nothing comes of it."""

    def attribute(self, _at: Site, _name: str) -> Values:
        return NIL

    def call(self, _at: Site, _given: Arguments) -> Values:
        return NIL

    def items(self, _at: Site) -> Values:
        return NOTHING


@dataclass(frozen=True)
class Method(Opaque):
    """A method of a text, a container or opaque data; where it is data, an attribute of it."""

    receiver: Value
    name: str

    def held(self) -> Iterable[Values]:
        yield frozenset({self.receiver})

    def attribute(self, at: Site, _name: str) -> Values:
        return self.items(at)

    def call(self, at: Site, given: Arguments) -> Values:
        return self.receiver.method(at, self.name, given)


OPAQUE: Values = frozenset({Opaque()})
NIL: Values = frozenset({Nil()})


@dataclass
class Arguments:
    """The arguments of one call; `rest` is what `*` and `**` bring under unknown places and names."""

    positional: list[Values] = field(default_factory=list)
    named: dict[str, Values] = field(default_factory=dict)
    rest: Values = NOTHING

    def all(self) -> Values:
        return NOTHING.union(*self.positional, *self.named.values(), self.rest)

    def get(self, index: int, name: str) -> Values:
        if index < len(self.positional):
            return self.positional[index]
        return self.named.get(name, NOTHING) | self.rest


ANYTHING = Arguments(rest=OPAQUE)


@dataclass(eq=False)
class Frame:
    """One scope: a module, a class body, a comprehension, or one way to call a function.

    What a function returns and yields is in `names` as well, under `return` and `yield`.
    """

    node: ast.AST
    source: Source
    parent: Frame | None
    depth: int = 0
    function: Value | None = None
    names: dict[str, Values] = field(default_factory=dict)
    bases: list[Value] = field(default_factory=list)  # of a class body


@dataclass(frozen=True, eq=False)
class Made(Value):
    """What the code makes in a frame: a function, a class, an instance, a container."""

    frame: Frame

    @property
    def depth(self) -> int:
        return self.frame.depth + 1


@dataclass
class Known:
    """What is known of a project so far."""

    project: Project
    frames: dict[Hashable, Frame] = field(default_factory=dict)
    heap: dict[Hashable, Any] = field(default_factory=dict)
    calls: dict[Hashable, Any] = field(default_factory=dict)
    handlers: dict[str, dict[Any, Any]] = field(default_factory=dict)
    stack: list[Frame] = field(default_factory=list)
    done: set[Frame] = field(default_factory=set)
    questions: list[Refused] = field(default_factory=list)
    changed: bool = True

    def forget(self) -> None:
        """Begin another round, in which everything is run again."""
        self.changed = False
        for forgotten in (self.done, self.stack, self.calls, self.questions):
            forgotten.clear()


class Site(ast.NodeVisitor):
    """Where the reading stands: a syntax node of a frame; subclasses visit it."""

    def __init__(self, known: Known, frame: Frame, node: ast.AST) -> None:
        self.known, self.frame, self.node = known, frame, node

    def to(self, node: ast.AST, frame: Frame | None = None) -> Site:
        return type(self)(self.known, frame or self.frame, node)

    def scope(self) -> Site:
        """Return the scope that this node opens in its frame: of a class body or a comprehension."""
        around = self.frame
        inner = Frame(self.node, around.source, around, around.depth, around.function)
        return self.to(self.node, self.known.frames.setdefault((self.node, around), inner))

    def generic_visit(self, node: ast.AST) -> Any:
        raise self.refuse(f"{type(node).__name__} cannot be followed; write it another way")

    def evaluate(self, node: ast.expr) -> Values:
        found: Values = type(self)(self.known, self.frame, node).visit(node)
        return found

    def execute(self, *bodies: list[ast.stmt]) -> None:
        for body in bodies:
            for node in body:
                type(self)(self.known, self.frame, node).visit(node)

    def module(self, name: str) -> Frame:
        source = self.known.project.source(name)
        frame = self.known.frames.setdefault(name, Frame(source.tree, source, None))
        if frame not in self.known.done:
            self.known.done.add(frame)
            self.to(source.tree, frame).execute(source.tree.body)
        return frame

    @property
    def where(self) -> str:
        return f"{self.frame.source.path}:{getattr(self.node, 'lineno', 1)}"

    def refuse(self, reason: str) -> Refused:
        return Refused(f"{self.where}: {reason}")

    def unresolved(self, reason: str) -> Values:
        """Return nothing yet; if the last round, when all is known, still asks this, it is a refusal."""
        self.known.questions.append(self.refuse(reason))
        return NOTHING

    def grow(self, cells: dict[Any, Values], key: Hashable, values: Values) -> None:
        """Add `values` to what a cell may hold."""
        before = cells.get(key)
        if before is None or not values <= before:
            cells[key] = values | (before or NOTHING)
            self.known.changed = True

    def name(self, name: str, values: Values) -> None:
        self.grow(self.frame.names, name, values)

    def read(self, owners: Values, name: str) -> Values:
        """Return an attribute: code asks for a record's kind before it reads what only one of several has."""
        if name in NAMES_OF_THINGS:
            return OPAQUE
        if name.startswith("__") and name not in FOLLOWED and not owners <= OPAQUE:
            raise self.refuse(f"{name} cannot be followed")
        found = union([owner.attribute(self, name) for owner in owners])
        return found or self.unresolved(f"{' or '.join(sorted(map(str, owners)))} has no {name}")

    def call(self, callees: Values, given: Arguments) -> Values:
        """Return what calling any of `callees` may give; what is not known yet waits for a later round."""
        if not callees or not all(given.positional) or not all(given.named.values()):
            unknown = "what an argument may be" if callees else "what is called here"
            return self.unresolved(f"cannot tell {unknown}")
        return union([callee.call(self, given) for callee in callees])

    def iterate(self, values: Values) -> Values:
        return union([value.items(self) for value in values])

    def escape(self, values: Values) -> None:
        """Let values go where they are not followed: functions are called with data, clients refused."""
        seen: set[Value] = set(OPAQUE | NIL)
        waiting = [(value, value) for value in values]
        while waiting:
            value, whole = waiting.pop()
            if value.is_client:
                raise self.refuse(f"{whole} goes where it cannot be followed; call its methods here instead")
            if value not in seen:
                seen.add(value)
                held = union(value.held())
                waiting += [(one, whole if one in held else one) for one in value.escaped(self)]
