"""Classes of the project and their instances: ancestry, fields, attributes, and what others call of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from ops.policies.reading.core import FOLLOWED, NOTHING, OPAQUE, Arguments, Made, Site, Value, Values, union
from ops.policies.reading.data import Setting, Text
from ops.policies.reading.functions import Function, Partial

SETTINGS = ("chalicelib.settings", "Settings")
DATA_BASES = ("abc.ABC", "builtins.object", "contextlib.Abstract", "enum.", "typing.")
EXCEPTIONS = ("Exception", "Error", "Warning")
UNFOLLOWED = frozenset(
    {"__getattr__", "__getattribute__", "__setattr__", "__new__", "__init_subclass__", "__del__",
     "__get__", "__set__", "__set_name__", "__class_getitem__", "__instancecheck__", "__subclasshook__"}
)  # fmt: skip


@dataclass(frozen=True)
class Class(Made):
    """A class of the project, by the frame its body was run in."""

    node: ast.ClassDef

    def ancestry(self) -> list[Class]:
        """Return the class and its parents of the project, nearest first."""
        parents = [parent for parent in self.frame.bases if isinstance(parent, Class)]
        return [self, *(one for parent in parents for one in parent.ancestry())]

    def bases_outside(self) -> list[str]:
        """Return the paths of all parents from outside the project."""
        return [base.outside for one in self.ancestry() for base in one.frame.bases if base.outside]

    def find(self, name: str) -> Values:
        """Return what the first class in the ancestry that has `name` holds under it."""
        return next((one.frame.names[name] for one in self.ancestry() if name in one.frame.names), NOTHING)

    def attribute(self, at: Site, name: str) -> Values:
        return self.gives(at, name, self)

    def gives(self, at: Site, name: str, receiver: Value) -> Values:
        """Return what an attribute is that is read from the class or from an instance."""
        unknown = NOTHING if all(path.startswith("typing.") for path in self.bases_outside()) else OPAQUE
        return union(described(at, value, receiver) for value in self.find(name)) or unknown

    def call(self, at: Site, given: Arguments) -> Values:
        """Return the instance that calling the class gives, after running what makes it."""
        if (self.frame.source.name, self.node.name) == SETTINGS:
            at.escape(given.all())
            record = at.known.heap.setdefault(self, Instance(self.frame, self, settings_by_name(at)))
            return frozenset({record})
        made: Instance = at.known.heap.setdefault((self, at.node, at.frame), Instance(at.frame, self))
        if self.find("__init__"):
            at.call(made.attribute(at, "__init__"), given)
        elif fields_of(self):  # a dataclass or a named tuple
            self._bind_fields(at, made, given)
        else:
            at.escape(given.all())
        self._let_python_call(at, made)
        return frozenset({made})

    def escaped(self, _at: Site) -> Values:
        return union(values for one in self.ancestry() for values in one.frame.names.values())

    def _bind_fields(self, at: Site, made: Instance, given: Arguments) -> None:
        """Set the fields of a new instance from the arguments and their defaults."""
        for index, (name, (cls, default)) in enumerate(fields_of(self).items()):
            at.grow(made.attributes, name, given.get(index, name))
            if default is not None and index >= len(given.positional):
                at.grow(made.attributes, name, at.to(default, cls.frame).evaluate(default))

    def _let_python_call(self, at: Site, made: Instance) -> None:
        """Run the methods that Python, as `__eq__`, or a parent from outside call unseen."""
        for one in self.ancestry():
            where = at.to(one.node, one.frame)
            if one.node.keywords or sum(isinstance(base, Class) for base in one.frame.bases) > 1:
                raise where.refuse(f"{one.node.name}: a metaclass or a second parent cannot be followed")
            for name in {name for name in one.frame.names if name.startswith("__")} - FOLLOWED:
                if name in UNFOLLOWED:
                    raise where.refuse(f"class {one.node.name}: {name} cannot be followed")
                at.escape(made.attribute(at, name))
        if not all(base.startswith(DATA_BASES) or base.endswith(EXCEPTIONS) for base in self.bases_outside()):
            at.escape(frozenset({made}))


def fields_of(cls: Class) -> dict[str, tuple[Class, ast.expr | None]]:
    """Return the fields with their class and default, in the order of `__init__`: parents' first."""
    ancestry = reversed(cls.ancestry())
    return {name: (one, default) for one in ancestry for name, default in _declared(one.node)}


@cache
def _declared(node: ast.ClassDef) -> list[tuple[str, ast.expr | None]]:
    annotated = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    fields = [one for one in annotated if "ClassVar" not in ast.unparse(one.annotation)]
    return [(one.target.id, one.value) for one in fields if isinstance(one.target, ast.Name)]


@dataclass(frozen=True, eq=False)
class Instance(Made):
    """An instance of a class of the project."""

    cls: Class
    attributes: dict[str, Values] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"the adapter {self.cls.node.name}"

    def held(self) -> Iterable[Values]:
        return self.attributes.values()

    def escaped(self, _at: Site) -> Values:
        return union([frozenset({self.cls}), *self.held()])

    def attribute(self, at: Site, name: str) -> Values:
        return self.attributes.get(name) or self.cls.gives(at, name, self)

    def write(self, at: Site, name: str, values: Values) -> None:
        at.grow(self.attributes, name, values)

    def call(self, at: Site, given: Arguments) -> Values:
        return at.call(self.attribute(at, "__call__"), given)


def described(at: Site, value: Value, receiver: Value) -> Values:
    """Return what a class attribute gives when it is read from an instance or a class."""
    if not isinstance(value, Function) or value.kind == "static":
        return frozenset({value})
    if value.kind == "class":
        receiver = receiver.cls if isinstance(receiver, Instance) else receiver
    elif isinstance(receiver, Class):
        return frozenset({value})
    bound = Partial(value, (frozenset({receiver}),))
    return bound.call(at, Arguments()) if value.kind == "property" else frozenset({bound})


def settings_by_name(at: Site) -> dict[str, Values]:
    """Return the fields of the settings, each with the text that stands for its value."""
    classes = at.module(SETTINGS[0]).names.get(SETTINGS[1], NOTHING)
    names = [name for cls in classes if isinstance(cls, Class) for name in fields_of(cls)]
    return {name: frozenset({Text((Setting(name),))}) for name in names}
