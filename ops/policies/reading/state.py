"""The state of one interpretation: frames, heap objects and what they may hold. Everything only grows."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field
from typing import TypeVar

from ops.policies.reading.refusal import Refused
from ops.policies.reading.sources import Project, Source
from ops.policies.reading.values import NOTHING, Box, Function, Heap, Key, Operation, Trigger, Value, Values

Cell = TypeVar("Cell", bound=Hashable)
MAX_DEPTH = 10
MAX_FRAMES = 40_000
RETURNED = "return"
YIELDED = "yield"


@dataclass(eq=False)
class Frame:
    """One scope with what its names may be: a module, a class body, or one way to call a function."""

    node: ast.AST
    source: Source
    parent: Frame | None
    depth: int = 0
    function: Function | None = None
    names: dict[str, Values] = field(default_factory=dict)
    results: dict[str, Values] = field(default_factory=dict)
    elsewhere: dict[str, Frame] = field(default_factory=dict)  # names declared global or nonlocal

    def at(self, node: ast.AST) -> str:
        """Return `path:line` of a node of this frame."""
        return self.source.at(node)


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


@dataclass(frozen=True)
class Call:
    """One client operation that can be reached, with what its parameters may be."""

    operation: Operation
    parameters: dict[str, Values]
    certain: frozenset[str]  # parameters that every such call passes
    at: str


@dataclass(frozen=True)
class Registration:
    """A function registered with Chalice."""

    function: Function
    trigger: Trigger
    at: str


class Machine(ABC):
    """State that the interpreting functions share, and the ways they call one another."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.modules: dict[str, Frame] = {}
        self.frames: dict[Hashable, Frame] = {}
        self.heap: dict[Hashable, Heap] = {}
        self.stack: list[Frame] = []
        self.calls: dict[Hashable, Call] = {}
        self.registrations: dict[Hashable, Registration] = {}
        self.done: set[int] = set()
        self.changed = False
        self.open_questions: list[Refused] = []

    def grow(self, cells: MutableMapping[Cell, Values], key: Cell, values: Values) -> None:
        """Add `values` to what a cell may hold."""
        before = cells.get(key)
        if before is None or not values <= before:
            cells[key] = values | (before or NOTHING)
            self.changed = True

    def refuse(self, frame: Frame, node: ast.AST, reason: str) -> Refused:
        """Return the refusal of one line."""
        return Refused(f"{frame.at(node)}: {reason}")

    def unresolved(self, frame: Frame, node: ast.AST, reason: str) -> Values:
        """Return nothing yet; if the last round, when all is known, still asks this, it is a refusal."""
        self.open_questions.append(self.refuse(frame, node, reason))
        return NOTHING

    def box(self, frame: Frame, node: ast.AST, *, role: str = "", mapping: bool = False) -> Box:
        """Return the container that `node` makes in this frame."""
        key = ("box", id(node), role, id(frame))
        if key not in self.heap:
            self.heap[key] = Box(frame.at(node), frame.depth + 1, mapping)
            self.changed = True
        found = self.heap[key]
        assert isinstance(found, Box)
        return found

    def put(self, box: Box, values: Values, key: Key | None = None) -> None:
        """Add `values` to a container, under a known key or an unknown one."""
        if key is None:
            self.grow(box.others, "", values)
        else:
            self.grow(box.known, key, values)

    def holds_client(self, value: Value) -> bool:
        """Tell whether a client can be got at through the data of `value` (not by calling it)."""
        from ops.policies.reading.holding import holds_client

        return holds_client(value, set())

    @abstractmethod
    def evaluate(self, frame: Frame, node: ast.expr) -> Values:
        """Return what an expression may be."""

    @abstractmethod
    def execute(self, frame: Frame, body: list[ast.stmt]) -> None:
        """Run statements."""

    @abstractmethod
    def call(self, frame: Frame, node: ast.AST, callees: Values, arguments: Arguments) -> Values:
        """Return what calling any of `callees` may give."""

    @abstractmethod
    def read(self, frame: Frame, node: ast.AST, owner: Value, name: str) -> Values:
        """Return what an attribute may be."""

    @abstractmethod
    def write(self, frame: Frame, node: ast.AST, owner: Value, name: str, values: Values) -> None:
        """Set an attribute."""

    @abstractmethod
    def iterate(self, frame: Frame, node: ast.AST, values: Values) -> Values:
        """Return what iterating over any of `values` may give."""

    @abstractmethod
    def bind(self, frame: Frame, target: ast.expr, values: Values) -> None:
        """Assign to a target."""

    @abstractmethod
    def escape(self, frame: Frame, node: ast.AST, values: Values) -> None:
        """Let values go where they are not followed: functions are called, clients refused."""

    @abstractmethod
    def module(self, name: str) -> Frame:
        """Return a module of the project, its body run."""

    @abstractmethod
    def instantiate(self, frame: Frame, node: ast.AST, cls: Value, arguments: Arguments) -> Values:
        """Return the instance that calling a class gives."""
