"""Classes of the project and their instances: ancestry, fields, attributes, and methods that others call."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from ops.policies.reading.containers import mapping
from ops.policies.reading.functions import Bound, Function
from ops.policies.reading.machine import (
    ANYTHING_GIVEN,
    MAX_DEPTH,
    NOTHING,
    OPAQUE,
    Arguments,
    Frame,
    Site,
    Value,
    Values,
    union,
)
from ops.policies.reading.texts import Setting, Text

SETTINGS = ("chalicelib.settings", "Settings")
HARMLESS_BASES = ("abc.ABC", "builtins.object", "contextlib.Abstract", "enum.", "typing.")
HARMLESS_ENDINGS = ("Exception", "Error", "Warning")
INITIALIZERS = frozenset({"__init__", "__post_init__"})
FOLLOWED = INITIALIZERS | {"__enter__", "__exit__", "__call__"}
REFUSED_SPECIALS = frozenset(
    {"__getattr__", "__getattribute__", "__setattr__", "__new__", "__init_subclass__", "__del__",
     "__get__", "__set__", "__set_name__", "__class_getitem__", "__instancecheck__", "__subclasshook__"}
)  # fmt: skip


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

    def ancestry(self) -> list[ClassRef]:
        """Return the class and its parents of the project, nearest first; a parent's last mention counts."""
        found = [self]
        for base in self.frame.bases:
            if isinstance(base, ClassRef):
                found += base.ancestry()
        return [one for index, one in enumerate(found) if one not in found[index + 1 :]]

    def bases_outside(self) -> list[str]:
        """Return the paths of all parents from outside the project."""
        return [base.outside for one in self.ancestry() for base in one.frame.bases if base.outside]

    def is_a(self, kind: str) -> bool:
        """Tell whether a parent from outside is of this path, or of this module if it ends in a dot."""
        return any(path.startswith(kind) for path in self.bases_outside())

    def find(self, name: str) -> Values:
        """Return what the first class in the ancestry that has `name` holds under it."""
        return next((one.frame.names[name] for one in self.ancestry() if name in one.frame.names), NOTHING)

    def special(self, name: str) -> bool:
        return bool(self.find(name))

    def attribute(self, at: Site, name: str) -> Values:
        found = self.find(name)
        if not found:
            return OPAQUE if self.bases_outside() else at.unresolved(f"{self.node.name} has no {name}")
        return union(
            described(at, value, self) if isinstance(value, Function) and "class" in value.kinds else frozenset({value})
            for value in found
        )

    def item(self, _at: Site, _keys: Values) -> Values:
        return frozenset({self})  # a generic class with its parameter

    def call(self, at: Site, given: Arguments) -> Values:
        """Return the instance that calling the class gives, after running what makes it."""
        if (self.frame.source.name, self.node.name) == SETTINGS:
            return frozenset({SettingsRecord()})
        if self.is_a("typing.TypedDict"):
            return mapping(at, given)
        if self.is_a("enum."):
            at.escape(given.all())
            return OPAQUE
        self._check(at)
        made = self._allocate(at, given)
        if self.find("__init__"):
            at.call(made.attribute(at, "__init__"), given)
        elif any(_is_dataclass(one.node) for one in self.ancestry()) or self.is_a("typing.NamedTuple"):
            self._bind_fields(at, made, given)
            if self.find("__post_init__"):
                at.call(made.attribute(at, "__post_init__"), Arguments())
        else:
            at.escape(given.all())
        self._let_python_call(at, made)
        return frozenset({made})

    def escaped(self, _at: Site) -> Values:
        return union(values for one in self.ancestry() for values in one.frame.names.values())

    def _check(self, at: Site) -> None:
        for one in self.ancestry():
            where = Site(at.machine, one.frame, one.node)
            if one.node.keywords:
                raise where.refuse(f"class {one.node.name}: a metaclass cannot be followed")
            for name in REFUSED_SPECIALS & one.frame.names.keys():
                raise where.refuse(f"class {one.node.name}: {name} cannot be followed")

    def _let_python_call(self, at: Site, made: Instance) -> None:
        """Run what Python, such as `__eq__`, or a parent from outside may call unseen."""
        for one in self.ancestry():
            for name in {name for name in one.frame.names if is_special(name)} - FOLLOWED:
                at.escape(made.attribute(at, name))
        outside = self.bases_outside()
        if not all(base.startswith(HARMLESS_BASES) or base.endswith(HARMLESS_ENDINGS) for base in outside):
            at.escape(frozenset({made}))

    def _allocate(self, at: Site, given: Arguments) -> Instance:
        """Return one instance per class and arguments, so that adapters of two buckets stay two."""
        depth = 1 + given.depth()
        key = ("instance", self, at.node, given.key() if depth < MAX_DEPTH else (given.star, given.rest))
        if key not in at.machine.heap:
            at.machine.heap[key] = Instance(min(depth, MAX_DEPTH), self)
            at.machine.changed = True
        made: Instance = at.machine.heap[key]
        return made

    def _bind_fields(self, at: Site, made: Instance, given: Arguments) -> None:
        """Set the fields of a new instance from the arguments, else from their defaults."""
        fields = fields_of(self)
        for index, (name, (frame, default)) in enumerate(fields.items()):
            values = given.get(index, name) or _default(at, frame, default)
            at.machine.grow(made.attributes, name, values)
        if len(given.positional) > len(fields):
            raise at.refuse(f"{self.node.name} takes fewer arguments than this")


@cache
def _is_dataclass(node: ast.ClassDef) -> bool:
    names = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
    return any(ast.unparse(name).rpartition(".")[2] == "dataclass" for name in names)


def fields_of(cls: ClassRef) -> dict[str, tuple[Frame, ast.expr | None]]:
    """Return the fields with their class body and default, in the order of `__init__`: parents' first."""
    ancestry = reversed(cls.ancestry())
    return {name: (one.frame, default) for one in ancestry for name, default in _declared(one.node)}


@cache
def _declared(node: ast.ClassDef) -> list[tuple[str, ast.expr | None]]:
    annotated = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    fields = [one for one in annotated if "ClassVar" not in ast.unparse(one.annotation)]
    return [(one.target.id, one.value) for one in fields if isinstance(one.target, ast.Name)]


def _default(at: Site, frame: Frame, node: ast.expr | None) -> Values:
    if node is None:
        return NOTHING
    at = Site(at.machine, frame, node)
    if isinstance(node, ast.Call) and any(one.outside == "dataclasses.field" for one in at.evaluate(node.func)):
        options = {keyword.arg: at.evaluate(keyword.value) for keyword in node.keywords}
        if not options.keys() <= {"default", "default_factory", "compare", "repr"}:
            raise at.refuse("field() with other options than default and default_factory cannot be followed")
        if "default_factory" in options:
            return at.call(options["default_factory"], Arguments())
        return options.get("default", NOTHING)
    return at.evaluate(node)


@dataclass(frozen=True, eq=False)
class Instance(Value):
    """An instance of a class of the project."""

    nested: int
    cls: ClassRef
    attributes: dict[str, Values] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return self.nested

    @property
    def shown(self) -> str:
        return f"the adapter {self.cls.node.name}"

    def held(self) -> Iterable[Values]:
        return self.attributes.values()

    def has(self, name: str) -> bool:
        return bool(self.attributes.get(name) or self.cls.find(name) or self.cls.bases_outside())

    def special(self, name: str) -> bool:
        return self.cls.special(name)

    def attribute(self, at: Site, name: str) -> Values:
        found = self.attributes.get(name)
        if not found:
            found = union(described(at, value, self) for value in self.cls.find(name))
        if found:
            return found
        if any(not path.startswith("typing.") for path in self.cls.bases_outside()):
            return OPAQUE
        return at.unresolved(f"{self.cls.node.name} has no {name} that could be found")

    def write(self, at: Site, name: str, values: Values) -> None:
        at.machine.grow(self.attributes, name, values)

    def call(self, at: Site, given: Arguments) -> Values:
        if not self.cls.find("__call__"):
            raise at.refuse(f"{self.cls.node.name} has no __call__")
        return at.call(self.attribute(at, "__call__"), given)

    def items(self, at: Site) -> Values:
        if self.cls.is_a("typing.NamedTuple"):
            return union(self.attributes.values())
        return super().items(at)

    def item_at(self, at: Site, index: int) -> Values:
        fields = [*self.attributes.values()] if self.cls.is_a("typing.NamedTuple") else []
        return fields[index] if index < len(fields) else self.items(at)

    def enter(self, at: Site) -> Values:
        entered = at.call(self.attribute(at, "__enter__"), Arguments())
        at.call(self.attribute(at, "__exit__"), Arguments([OPAQUE, OPAQUE, OPAQUE]))
        return entered

    def escaped(self, _at: Site) -> Values:
        return union([frozenset({self.cls}), *self.held()])


def is_special(name: str) -> bool:
    """Tell whether a name is one of Python's own, such as `__init__`."""
    return name.startswith("__") and name.endswith("__")


def described(at: Site, value: Value, receiver: Value) -> Values:
    """Return what a class attribute gives when it is read from `receiver`."""
    if not isinstance(value, Function) or "static" in value.kinds:
        return frozenset({value})
    if "class" in value.kinds and isinstance(receiver, Instance):
        receiver = receiver.cls
    bound = Bound(value, receiver)
    return bound.call(at, Arguments()) if "property" in value.kinds else frozenset({bound})


@dataclass(frozen=True)
class Super(Value):
    """The parents' view of an instance or class, as `super()` gives it inside a method of `owner`."""

    owner: Frame
    receiver: Value

    def held(self) -> Iterable[Values]:
        yield frozenset({self.receiver})

    def special(self, _name: str) -> bool:
        return True

    def attribute(self, at: Site, name: str) -> Values:
        cls = self.receiver.cls if isinstance(self.receiver, Instance) else self.receiver
        order = cls.ancestry() if isinstance(cls, ClassRef) else []
        after = next((i + 1 for i, one in enumerate(order) if one.frame is self.owner), 0)
        for one in order[after:]:
            if name in one.frame.names:
                return union(described(at, value, self.receiver) for value in one.frame.names[name])
        return OPAQUE  # the parent is from outside: object, Exception, a protocol


@dataclass(frozen=True)
class SettingsRecord(Value):
    """The one Settings record."""

    def attribute(self, at: Site, name: str) -> Values:
        for cls in settings_classes(at):
            if found := cls.find(name):
                if any(isinstance(value, Function) for value in found):
                    return union(described(at, value, self) for value in found)
            if name in fields_of(cls):
                return frozenset({Text((Setting(name),))})
        return at.unresolved(f"Settings has no field {name}")


def settings_classes(at: Site) -> list[ClassRef]:
    """Return the class of the settings, once its module was run."""
    found = at.machine.module(SETTINGS[0]).names.get(SETTINGS[1], NOTHING)
    return [value for value in found if isinstance(value, ClassRef)]
