"""Attributes: reading and setting them, with classes, descriptors and `super()`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ops.policies.reading.classes import ancestry, external_bases, find_in_class
from ops.policies.reading.fields import fields_of
from ops.policies.reading.imports import check
from ops.policies.reading.state import Arguments, Frame, Machine
from ops.policies.reading.values import (
    NIL,
    NOTHING,
    OPAQUE,
    Bound,
    Box,
    ClassRef,
    Client,
    External,
    Function,
    Instance,
    Method,
    ModuleRef,
    Nil,
    Opaque,
    Operation,
    Partial,
    Setting,
    SettingsRecord,
    Super,
    Text,
    Trigger,
    Value,
    Values,
    union,
)

HARMLESS_SPECIALS = frozenset({"__name__", "__doc__", "__qualname__", "__module__", "__class__", "__file__"})
FORBIDDEN = frozenset({"sys.modules", "os.system", "os.popen", "functools.singledispatch"})
CLIENT_DATA = frozenset({"exceptions"})

Reader = Callable[[Machine, Frame, ast.AST, Any, str], Values]


def read(machine: Machine, frame: Frame, node: ast.AST, owner: Value, name: str) -> Values:
    """Return what an attribute of one value may be."""
    if (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and name.startswith("__")
        and name.endswith("__")
    ):
        return _special(machine, frame, node, owner, name)
    return READERS[type(owner)](machine, frame, node, owner, name)


def lacks(machine: Machine, frame: Frame, owner: Value, name: str) -> bool:
    """Tell whether reading `name` of a value would raise AttributeError.

    Where several records may come, code asks for their kind before it reads what only one of them has.
    """
    if not isinstance(owner, Instance) or name.startswith("__") or external_bases(machine, owner.cls):
        return False
    return not owner.attributes.get(name) and not find_in_class(machine, frame, owner.cls, name)


def _special(machine: Machine, frame: Frame, node: ast.AST, owner: Value, name: str) -> Values:
    """Return a special attribute that the code asks for by name: only what its classes define."""
    cls = owner.cls if isinstance(owner, Instance) else owner
    defined = isinstance(cls, ClassRef) and find_in_class(machine, frame, cls, name)
    if defined or isinstance(owner, Opaque | External | Super):
        return READERS[type(owner)](machine, frame, node, owner, name)
    if name in HARMLESS_SPECIALS:
        return OPAQUE
    raise machine.refuse(frame, node, f"{name} cannot be followed")


def _external(machine: Machine, frame: Frame, node: ast.AST, owner: External, name: str) -> Values:
    path = f"{owner.path}.{name}"
    check(machine, frame, node, path)
    if path in FORBIDDEN:
        raise machine.refuse(frame, node, f"{path} cannot be followed, so nothing that ships may use it")
    return frozenset({External(path)})


def _module(machine: Machine, frame: Frame, node: ast.AST, owner: ModuleRef, name: str) -> Values:
    holder = machine.module(owner.name)
    if name in holder.names:
        return holder.names[name]
    if machine.project.has(f"{owner.name}.{name}"):
        return frozenset({ModuleRef(f"{owner.name}.{name}")})
    return machine.unresolved(frame, node, f"{owner.name} has no {name}")


def _client(machine: Machine, frame: Frame, node: ast.AST, owner: Client, name: str) -> Values:
    if name in CLIENT_DATA:
        return OPAQUE
    if not frame.source.name.startswith("chalicelib.aws."):
        reason = "is called outside of chalicelib/aws; give it a method of an adapter there"
        raise machine.refuse(frame, node, f"{owner.service}.{name} {reason}")
    return frozenset({Operation(owner.service, name)})


def _settings(machine: Machine, frame: Frame, node: ast.AST, _owner: SettingsRecord, name: str) -> Values:
    holder = machine.module("chalicelib.settings").names.get("Settings", NOTHING)
    for cls in holder:
        assert isinstance(cls, ClassRef)
        found = find_in_class(machine, frame, cls, name)
        if any(isinstance(value, Function) for value in found):
            return union(_described(machine, frame, node, value, SettingsRecord()) for value in found)
        if name in fields_of([cls]):
            return frozenset({Text((Setting(name),))})
    return machine.unresolved(frame, node, f"Settings has no field {name}")


def _instance(machine: Machine, frame: Frame, node: ast.AST, owner: Instance, name: str) -> Values:
    found = owner.attributes.get(name, NOTHING)
    for value in NOTHING if found else find_in_class(machine, frame, owner.cls, name):
        found |= _described(machine, frame, node, value, owner)
    if found:
        return found
    if any(not path.startswith("typing.") for path in external_bases(machine, owner.cls)):
        return OPAQUE
    return machine.unresolved(frame, node, f"{owner.cls.node.name} has no {name} that could be found")


def _class(machine: Machine, frame: Frame, node: ast.AST, owner: ClassRef, name: str) -> Values:
    found = find_in_class(machine, frame, owner, name)
    if not found:
        outside = external_bases(machine, owner)
        return OPAQUE if outside else machine.unresolved(frame, node, f"{owner.node.name} has no {name}")
    return union(
        _described(machine, frame, node, value, owner)
        if isinstance(value, Function) and "class" in value.kinds
        else frozenset({value})
        for value in found
    )


def _described(machine: Machine, frame: Frame, node: ast.AST, value: Value, receiver: Value) -> Values:
    """Return what a class attribute gives when it is read from `receiver`."""
    if not isinstance(value, Function) or "static" in value.kinds:
        return frozenset({value})
    if "class" in value.kinds:
        receiver = receiver.cls if isinstance(receiver, Instance) else receiver
    if value.owner is None and isinstance(receiver, ClassRef):
        return frozenset({value})
    bound: Values = frozenset({Bound(value, receiver)})
    return machine.call(frame, node, bound, Arguments()) if "property" in value.kinds else bound


def _super(machine: Machine, frame: Frame, node: ast.AST, owner: Super, name: str) -> Values:
    receiver = owner.receiver
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    assert isinstance(cls, ClassRef)
    order = ancestry(machine, cls)
    after = order[order.index(owner.owner) + 1 :] if owner.owner in order else order
    for one in after:
        if name in one.frame.names:
            found = one.frame.names[name]
            return union(_described(machine, frame, node, value, receiver) for value in found)
    return OPAQUE  # the parent is from outside: object, Exception, a protocol


def _nil(_machine: Machine, _frame: Frame, _node: ast.AST, _owner: Nil, _name: str) -> Values:
    return NIL  # fails at run time, so nothing comes of it


def _method(_machine: Machine, _frame: Frame, _node: ast.AST, owner: Value, name: str) -> Values:
    return frozenset({Method(owner, name)})


def _data(_machine: Machine, _frame: Frame, _node: ast.AST, _owner: Value, _name: str) -> Values:
    return OPAQUE


def _unreadable(machine: Machine, frame: Frame, node: ast.AST, owner: Value, name: str) -> Values:
    raise machine.refuse(frame, node, f"{name} of {type(owner).__name__.lower()} cannot be followed")


READERS: dict[type[Value], Reader] = {
    External: _external,
    ModuleRef: _module,
    Client: _client,
    SettingsRecord: _settings,
    Instance: _instance,
    ClassRef: _class,
    Super: _super,
    Nil: _nil,
    Text: _method,
    Box: _method,
    Opaque: _method,
    Method: _data,
    Function: _data,
    Bound: _data,
    Trigger: _unreadable,
    Partial: _unreadable,
    Operation: _unreadable,
}


def write(machine: Machine, frame: Frame, node: ast.AST, owner: Value, name: str, values: Values) -> None:
    """Set an attribute: of instances and modules it is kept, elsewhere the values escape."""
    if isinstance(owner, Instance):
        machine.grow(owner.attributes, name, values)
    elif isinstance(owner, ModuleRef):
        machine.grow(machine.module(owner.name).names, name, values)
    elif isinstance(owner, ClassRef):
        machine.grow(owner.frame.names, name, values)
    elif isinstance(owner, Client | Operation | SettingsRecord):
        raise machine.refuse(frame, node, f"an attribute of a {type(owner).__name__.lower()} is replaced")
    else:
        machine.escape(frame, node, values)
