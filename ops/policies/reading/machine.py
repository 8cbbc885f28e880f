"""The machine: the questions that every value answers, where the reading stands, and what is known so far.

All that is known only grows: names, attributes and containers hold sets of what they may be, and the project
is run again until nothing new is learnt. Each kind of value is a subclass of `Value` in a module of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ops.policies.reading.sources import Project, Refused, Source

Cell = TypeVar("Cell", bound=Hashable)
MAX_DEPTH = 10
MAX_ROUNDS = 60
RETURNED = "return"
YIELDED = "yield"


class Value:
    """One thing an expression may be; each kind says what the code can do with it.

    For a use that a kind says nothing about, it is refused, or is plain data that must not hold a client.
    """

    @property
    def depth(self) -> int:
        """Return how deep values are nested in this one; a bound on it makes the reading end."""
        return 0

    @property
    def shown(self) -> str:
        """Return what a refusal calls it."""
        return f"a {type(self).__name__.lower()}"

    @property
    def outside(self) -> str:
        """Return the dotted path of a name of the standard library or a dependency."""
        return ""

    def held(self) -> Iterable[Values]:
        """Return what can be got at through its data, not by calling it."""
        return ()

    def holds_client(self, seen: set[int]) -> bool:
        """Tell whether a client can be got at through its data."""
        if id(self) in seen:
            return False
        seen.add(id(self))
        return any(part.holds_client(seen) for values in self.held() for part in values)

    def has(self, _name: str) -> bool:
        """Tell whether it may have an attribute.

        Where several records may come, code asks for their kind before it reads what only one of them has.
        """
        return True

    def special(self, _name: str) -> bool:
        """Tell whether it has a special attribute, such as `__init__`, that can be followed."""
        return False

    def attribute(self, at: Site, name: str) -> Values:
        """Return what an attribute may be."""
        raise at.refuse(f"{name} of {self.shown} cannot be followed")

    def write(self, at: Site, name: str, values: Values) -> None:  # noqa: ARG002 - for those that can
        """Set an attribute."""
        raise at.refuse(f"an attribute of {self.shown} is replaced, which cannot be followed")

    def call(self, at: Site, given: Arguments) -> Values:  # noqa: ARG002 - for those that can
        """Return what calling it may give."""
        raise at.refuse(f"{self.shown} is called")

    def method(self, at: Site, _name: str, given: Arguments) -> Values:
        """Return what calling one of its methods may give."""
        at.escape(given.all())
        return OPAQUE

    def items(self, at: Site) -> Values:
        """Return what iterating over it may give."""
        at.as_data(frozenset({self}))
        return OPAQUE

    def item(self, at: Site, keys: Values) -> Values:
        """Return what `self[key]` may be."""
        at.escape(keys)
        return self.items(at)

    def item_at(self, at: Site, _index: int) -> Values:
        """Return what it gives at a position when it is unpacked."""
        return self.items(at)

    def store(self, at: Site, keys: Values, values: Values) -> None:
        """Run `self[key] = value`."""
        at.escape(keys | values)

    def enter(self, at: Site) -> Values:
        """Return what `with self as …` may bind."""
        return self.items(at)

    def escaped(self, _at: Site) -> Values:
        """Let whoever has it do with it what can be done; return what that brings out."""
        return NOTHING.union(*self.held())


Values = frozenset[Value]
NOTHING: Values = frozenset()


@dataclass(frozen=True)
class Opaque(Value):
    """Data of the outside world; it never holds a client."""

    def special(self, _name: str) -> bool:
        return True

    def attribute(self, _at: Site, name: str) -> Values:
        return frozenset({Method(self, name)})

    def write(self, at: Site, _name: str, values: Values) -> None:
        at.escape(values)

    def call(self, at: Site, given: Arguments) -> Values:
        return self.method(at, "", given)


@dataclass(frozen=True)
class Nil(Value):
    """The value None: what is done with it fails at run time, so nothing comes of it."""

    def attribute(self, _at: Site, _name: str) -> Values:
        return NIL

    def write(self, at: Site, name: str, values: Values) -> None:
        pass

    def call(self, _at: Site, _given: Arguments) -> Values:
        return NIL


@dataclass(frozen=True)
class Method(Value):
    """A method of a text, a container or opaque data; where it is data, an attribute of it."""

    receiver: Value
    name: str

    @property
    def depth(self) -> int:
        return 1 + self.receiver.depth

    def held(self) -> Iterable[Values]:
        yield frozenset({self.receiver})

    def attribute(self, at: Site, _name: str) -> Values:
        return self.items(at)

    def write(self, at: Site, _name: str, values: Values) -> None:
        at.escape(values)

    def call(self, at: Site, given: Arguments) -> Values:
        return self.receiver.method(at, self.name, given)


OPAQUE: Values = frozenset({Opaque()})
NIL: Values = frozenset({Nil()})
DATA = OPAQUE | NIL


def union(many: Iterable[Values]) -> Values:
    """Return everything that any of `many` may be."""
    return NOTHING.union(*many)


@dataclass
class Arguments:
    """The arguments of one call; `star` and `rest` are what `*` and `**` bring under unknown places."""

    positional: list[Values] = field(default_factory=list)
    named: dict[str, Values] = field(default_factory=dict)
    star: Values = NOTHING
    rest: Values = NOTHING

    def all(self) -> Values:
        """Return everything that is passed."""
        return NOTHING.union(*self.positional, *self.named.values(), self.star, self.rest)

    def get(self, index: int, name: str) -> Values:
        """Return one argument by its position or name."""
        if index < len(self.positional):
            return self.positional[index]
        return self.named.get(name, NOTHING) | self.star | self.rest

    def key(self) -> Hashable:
        """Return what tells these arguments from others."""
        return tuple(self.positional), tuple(sorted(self.named.items(), key=_name)), self.star, self.rest

    def depth(self) -> int:
        """Return how deep values are nested in the deepest argument."""
        return max((value.depth for value in self.all()), default=0)


def _name(pair: tuple[str, Values]) -> str:
    return pair[0]


ANYTHING_GIVEN = Arguments(star=OPAQUE, rest=OPAQUE)


@dataclass(eq=False)
class Frame:
    """One scope with what its names may be: a module, a class body, or one way to call a function."""

    node: ast.AST
    source: Source
    parent: Frame | None
    depth: int = 0
    function: Value | None = None
    names: dict[str, Values] = field(default_factory=dict)
    results: dict[str, Values] = field(default_factory=dict)
    bases: list[Value] = field(default_factory=list)  # of a class body


@dataclass(eq=False, slots=True)
class Site:
    """Where the reading stands: a syntax node of a frame."""

    machine: Machine
    frame: Frame
    node: ast.AST

    def refuse(self, reason: str) -> Refused:
        """Return the refusal of this line."""
        return Refused(f"{self.frame.source.at(self.node)}: {reason}")

    def unresolved(self, reason: str) -> Values:
        """Return nothing yet; if the last round, when all is known, still asks this, it is a refusal."""
        self.machine.open_questions.append(self.refuse(reason))
        return NOTHING

    def evaluate(self, node: ast.expr) -> Values:
        """Return what an expression of this frame may be."""
        return self.machine.evaluate(self.frame, node)

    def call(self, callees: Values, given: Arguments) -> Values:
        """Return what calling any of `callees` may give; what is not known yet waits for a later round."""
        if not callees or not all(given.positional) or not all(given.named.values()):
            what = "what an argument may be" if callees else "what is called here"
            return self.unresolved(f"cannot tell {what}")
        return union([callee.call(self, given) for callee in callees])

    def iterate(self, values: Values) -> Values:
        """Return what iterating over any of `values` may give."""
        return union([value.items(self) for value in values])

    def as_data(self, values: Values) -> None:
        """Use values as plain data, which only what holds no client is."""
        if not values <= DATA and any(value.holds_client(set()) for value in values):
            raise self.refuse(
                "an adapter or client is used as plain data; pass it on or call its methods only"
            )

    def escape(self, values: Values) -> None:
        """Let values go where they are not followed: functions are called with data, clients refused."""
        seen: set[Value] = set(DATA)
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            if value in seen:
                continue
            seen.add(value)
            if value.holds_client(set()):
                reason = "goes where it cannot be followed; call its methods here instead"
                raise self.refuse(f"{value.shown} {reason}")
            waiting += value.escaped(self)


Evaluators = Mapping[type[ast.expr], Callable[[Site, Any], Values]]
Executors = Mapping[type[ast.stmt], Callable[[Site, Any], None]]


class Machine:
    """What is known of a project so far, and the tables that say how each syntax node is run."""

    def __init__(self, project: Project, evaluators: Evaluators, executors: Executors) -> None:
        self.project = project
        self.evaluators = evaluators
        self.executors = executors
        self.modules: dict[str, Frame] = {}
        self.frames: dict[Hashable, Frame] = {}
        self.heap: dict[Hashable, Any] = {}
        self.stack: list[Frame] = []
        self.calls: dict[Hashable, Any] = {}
        self.registrations: dict[Hashable, Any] = {}
        self.done: set[Frame] = set()
        self.changed = False
        self.open_questions: list[Refused] = []

    def grow(self, cells: MutableMapping[Cell, Values], key: Cell, values: Values) -> None:
        """Add `values` to what a cell may hold."""
        before = cells.get(key)
        if before is None or not values <= before:
            cells[key] = values | (before or NOTHING)
            self.changed = True

    def evaluate(self, frame: Frame, node: ast.expr) -> Values:
        """Return what an expression may be."""
        site = Site(self, frame, node)
        evaluator = self.evaluators.get(type(node))
        if evaluator is None:
            raise site.refuse(f"{type(node).__name__} cannot be followed; write it another way")
        return evaluator(site, node)

    def execute(self, frame: Frame, body: list[ast.stmt]) -> None:
        """Run statements one after the other."""
        for node in body:
            site = Site(self, frame, node)
            executor = self.executors.get(type(node))
            if executor is None:
                raise site.refuse(f"{type(node).__name__} cannot be followed; write it another way")
            executor(site, node)

    def module(self, name: str) -> Frame:
        """Return a module of the project, its body run."""
        if name not in self.modules:
            source = self.project.source(name)
            self.modules[name] = Frame(source.tree, source, None)
        frame = self.modules[name]
        if frame not in self.done:
            self.done.add(frame)
            self.execute(frame, frame.source.tree.body)
        return frame

    def rounds(self) -> Iterator[None]:
        """Yield once for each time that the project must be run; refuse what is still not known then."""
        for _ in range(MAX_ROUNDS):
            self.changed = False
            for told in (self.done, self.stack, self.calls, self.open_questions):
                told.clear()
            yield
            if not self.changed:
                break
        else:
            raise Refused(f"the code can be followed no further after {MAX_ROUNDS} rounds")
        if self.open_questions:
            raise self.open_questions[0]
