"""Classes of the project: their order of resolution, fields, and instances."""

from __future__ import annotations

import ast

from ops.policies.reading.fields import bind_fields
from ops.policies.reading.state import MAX_DEPTH, Arguments, Frame, Machine
from ops.policies.reading.values import (
    NOTHING,
    OPAQUE,
    Bound,
    Box,
    ClassRef,
    External,
    Function,
    Instance,
    SettingsRecord,
    Value,
    Values,
    union,
)

SETTINGS = ("chalicelib.settings", "Settings")
HARMLESS_BASES = (
    "builtins.object",
    "abc.ABC",
    "typing.Protocol",
    "typing.Generic",
    "typing.NamedTuple",
    "typing.TypedDict",
    "enum.",
    "contextlib.AbstractContextManager",
)
UNFOLLOWED_METHODS = frozenset(
    {"__getattr__", "__getattribute__", "__setattr__", "__new__", "__init_subclass__", "__del__",
     "__get__", "__set__", "__set_name__", "__class_getitem__", "__instancecheck__", "__subclasshook__"}
)  # fmt: skip
EXCEPTIONS = ("Exception", "Error", "Warning")


def bases_of(machine: Machine, cls: ClassRef) -> list[Value]:
    """Return the classes that a class names as its parents."""
    parent = cls.frame.parent
    assert parent is not None
    return [base for node in cls.node.bases for base in machine.evaluate(parent, node)]


def ancestry(machine: Machine, cls: ClassRef) -> list[ClassRef]:
    """Return a class and its parents of the project, nearest first; the last mention of a parent counts."""
    found = [cls]
    for base in bases_of(machine, cls):
        if isinstance(base, ClassRef):
            found += ancestry(machine, base)
    return [one for index, one in enumerate(found) if one not in found[index + 1 :]]


def external_bases(machine: Machine, cls: ClassRef) -> list[str]:
    """Return the paths of all parents from outside the project."""
    return [
        base.path
        for one in ancestry(machine, cls)
        for base in bases_of(machine, one)
        if isinstance(base, External)
    ]


def find_in_class(machine: Machine, _frame: Frame, cls: ClassRef, name: str) -> Values:
    """Return what the first class in the ancestry that has `name` holds under it."""
    for one in ancestry(machine, cls):
        if name in one.frame.names:
            return one.frame.names[name]
    return NOTHING


def has_decorator(cls: ClassRef, name: str) -> bool:
    """Tell whether a class is decorated by `name`, called or not."""
    for decorator in cls.node.decorator_list:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).rpartition(".")[2] == name:
            return True
    return False


def is_enum(machine: Machine, cls: ClassRef) -> bool:
    """Tell whether a class is an enumeration."""
    return any(path.startswith("enum.") for path in external_bases(machine, cls))


def instantiate(machine: Machine, frame: Frame, node: ast.AST, cls: ClassRef, given: Arguments) -> Values:
    """Return the instance that calling a class gives, after running what makes it."""
    if (cls.frame.source.name, cls.node.name) == SETTINGS:
        return frozenset({SettingsRecord()})
    outside = external_bases(machine, cls)
    if "typing.TypedDict" in outside:
        return _typed_dict(machine, frame, node, given)
    if is_enum(machine, cls):
        machine.escape(frame, node, given.all())
        return OPAQUE
    _check(machine, cls)
    made = _allocate(machine, frame, node, cls, given)
    if find_in_class(machine, frame, cls, "__init__"):
        initializer = machine.read(frame, node, made, "__init__")
        machine.call(frame, node, initializer, given)
    elif has_decorator(cls, "dataclass") or "typing.NamedTuple" in outside or _inherits_fields(machine, cls):
        bind_fields(machine, frame, node, made, ancestry(machine, cls), given)
        if find_in_class(machine, frame, cls, "__post_init__"):
            machine.call(frame, node, machine.read(frame, node, made, "__post_init__"), Arguments())
    else:
        machine.escape(frame, node, given.all())
    if not all(path.startswith(HARMLESS_BASES) or path.endswith(EXCEPTIONS) for path in outside):
        let_others_call(machine, frame, node, made)
    return frozenset({made})


def _inherits_fields(machine: Machine, cls: ClassRef) -> bool:
    return any(has_decorator(one, "dataclass") for one in ancestry(machine, cls))


def _typed_dict(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    made: Box = machine.box(frame, node, mapping=True)
    for name, values in given.named.items():
        machine.put(made, values, name)
    if given.rest:
        machine.put(made, given.rest)
    return frozenset({made})


def _check(machine: Machine, cls: ClassRef) -> None:
    if cls.node.keywords:
        raise machine.refuse(cls.frame, cls.node, f"class {cls.node.name}: a metaclass cannot be followed")
    for one in ancestry(machine, cls):
        for name in UNFOLLOWED_METHODS & one.frame.names.keys():
            raise machine.refuse(one.frame, one.node, f"class {one.node.name}: {name} cannot be followed")


def let_others_call(machine: Machine, frame: Frame, node: ast.AST, made: Instance) -> None:
    """Run every method with data, as others may: a parent from outside, or whom the instance is given to."""
    for one in ancestry(machine, made.cls):
        for values in list(one.frame.names.values()):
            for value in values:
                if isinstance(value, Function) and value.owner == one and not value.kinds:
                    bound: Values = frozenset({Bound(value, made)})
                    machine.call(frame, node, bound, Arguments(star=OPAQUE, rest=OPAQUE))


def _allocate(machine: Machine, frame: Frame, node: ast.AST, cls: ClassRef, given: Arguments) -> Instance:
    """Return one instance per class and arguments, so that adapters of two buckets stay two."""
    parts = [*given.positional, *given.named.values(), given.star, given.rest]
    depth = 1 + max((value.depth for value in union(parts)), default=0)
    key: tuple[object, ...] = ("instance", cls, id(node), given.star, given.rest)
    if depth < MAX_DEPTH:
        key = (*key, tuple(given.positional), tuple(sorted(given.named.items(), key=lambda pair: pair[0])))
    if key not in machine.heap:
        machine.heap[key] = Instance(frame.at(node), min(depth, MAX_DEPTH), cls)
        machine.changed = True
    found = machine.heap[key]
    assert isinstance(found, Instance)
    return found
