"""Containers and operators: what is put in, what comes out, and what an operator would run."""

from __future__ import annotations

import ast

from ops.policies.reading.classes import find_in_class
from ops.policies.reading.state import YIELDED, Arguments, Frame, Machine
from ops.policies.reading.texts import item_of_setting
from ops.policies.reading.values import (
    NIL,
    NOTHING,
    OPAQUE,
    Box,
    ClassRef,
    External,
    Function,
    Instance,
    Key,
    Nil,
    Text,
    Value,
    Values,
    key_of,
    text,
    union,
)

CHANGING = frozenset({"append", "add", "insert", "appendleft", "push"})
MERGING = frozenset({"extend", "update", "extendleft"})
TAKING = frozenset({"pop", "popleft", "get", "setdefault", "values", "copy", "popitem"})


def operate(machine: Machine, frame: Frame, node: ast.AST, values: Values) -> None:
    """Use values as operands, whose special methods would run: allowed only for what holds no client."""
    for value in values:
        if machine.holds_client(value):
            raise machine.refuse(
                frame, node, "an adapter or client is used as plain data; pass it on or call its methods only"
            )


def test(machine: Machine, frame: Frame, node: ast.AST, values: Values) -> None:
    """Ask for the truth of values; `__bool__` and `__len__` of the project's classes are run."""
    for value in values:
        if isinstance(value, Instance):
            for name in ("__bool__", "__len__"):
                method = find_in_class(machine, frame, value.cls, name)
                if method:
                    bound = machine.read(frame, node, value, name)
                    machine.call(frame, node, bound, Arguments())


def item(machine: Machine, frame: Frame, node: ast.AST, owner: Value, keys: Values) -> Values:
    """Return what `owner[key]` may be."""
    if isinstance(owner, Box):
        return _held(owner, keys, node)
    if isinstance(owner, ClassRef | External):  # a generic alias such as list[str]
        return frozenset({owner})
    if isinstance(owner, Instance) and find_in_class(machine, frame, owner.cls, "__getitem__"):
        method = machine.read(frame, node, owner, "__getitem__")
        return machine.call(frame, node, method, Arguments([keys]))
    if isinstance(owner, Instance):
        return union(owner.attributes.values()) | OPAQUE  # a named tuple by position
    operate(machine, frame, node, frozenset({owner}))
    one = item_of_setting(owner) if isinstance(owner, Text) else None
    return frozenset({one}) if one else OPAQUE


def _held(box: Box, keys: Values, node: ast.AST) -> Values:
    index = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(index, ast.Constant) and isinstance(index.value, int) and index.value >= 0:
        return box.known.get(index.value, NOTHING) | box.unknown or OPAQUE
    if isinstance(index, ast.Slice):
        return frozenset({box})
    names = [key_of(key) for key in keys]
    if box.is_mapping and None not in names:
        return union(box.known.get(name, NOTHING) for name in names if name is not None) | box.unknown
    return box.elements


def store(machine: Machine, frame: Frame, node: ast.AST, owner: Value, keys: Values, values: Values) -> None:
    """Run `owner[key] = value`."""
    if isinstance(owner, Instance) and find_in_class(machine, frame, owner.cls, "__setitem__"):
        method = machine.read(frame, node, owner, "__setitem__")
        machine.call(frame, node, method, Arguments([keys, values]))
        return
    if not isinstance(owner, Box):
        machine.escape(frame, node, values)
        return
    for key in keys:
        known = key_of(key) if owner.is_mapping else None
        operate(machine, frame, node, frozenset({key}))
        machine.put(owner, values, known)


def spread(machine: Machine, frame: Frame, node: ast.AST, target: Box, values: Values) -> None:
    """Run `{**value}` into a mapping."""
    for value in values:
        if isinstance(value, Box):
            merge(machine, target, value)
        elif not isinstance(value, Nil):  # None fails at run time, so nothing comes of it
            operate(machine, frame, node, frozenset({value}))
            machine.put(target, OPAQUE)


def merge(machine: Machine, target: Box, source: Box) -> None:
    """Put all that one container holds into another; positions are not kept."""
    if target is source:
        return
    for key, values in list(source.known.items()):
        machine.put(target, values, key if target.is_mapping else None)
    if source.unknown:
        machine.put(target, source.unknown)


def iterate(machine: Machine, frame: Frame, node: ast.AST, value: Value) -> Values:
    """Return what iterating over one value may give."""
    if isinstance(value, Box):
        return _keys(value) if value.is_mapping else value.elements
    if isinstance(value, Instance):
        return _iterate_instance(machine, frame, node, value)
    if isinstance(value, Function):
        raise machine.refuse(frame, node, f"{value.name} is a function and cannot be iterated over")
    operate(machine, frame, node, frozenset({value}))
    return OPAQUE


def _iterate_instance(machine: Machine, frame: Frame, node: ast.AST, value: Instance) -> Values:
    if not find_in_class(machine, frame, value.cls, "__iter__"):
        return union(value.attributes.values()) | OPAQUE  # a named tuple
    made = machine.call(frame, node, machine.read(frame, node, value, "__iter__"), Arguments())
    found = NOTHING
    for iterator in made:
        if isinstance(iterator, Instance):
            following = machine.read(frame, node, iterator, "__next__")
            found |= machine.call(frame, node, following, Arguments())
        else:
            found |= iterate(machine, frame, node, iterator)
    return found


def _keys(box: Box) -> Values:
    known = union(_as_value(key) for key in box.known)
    return known | OPAQUE if box.unknown or not known else known


def _as_value(key: Key) -> Values:
    return text(key) if isinstance(key, str) else frozenset({key}) if isinstance(key, Text) else OPAQUE


def box_method(
    machine: Machine, frame: Frame, node: ast.AST, box: Box, name: str, given: Arguments
) -> Values:
    """Return what a method of a container gives, after doing what it does."""
    values = given.all()
    if name in CHANGING:
        machine.put(box, values)
    elif name in MERGING:
        _merge_all(machine, frame, node, box, given)
    elif name == "setdefault" and len(given.positional) == 2:
        store(machine, frame, node, box, *given.positional)
    elif name not in TAKING | {"items", "keys"}:
        machine.escape(frame, node, values)
    return _taken(machine, frame, node, box, name, given)


def _merge_all(machine: Machine, frame: Frame, node: ast.AST, box: Box, given: Arguments) -> None:
    for value in union([*given.positional, given.star]):
        if isinstance(value, Box):
            merge(machine, box, value)
        else:
            machine.put(box, iterate(machine, frame, node, value))
    for key, values in given.named.items():
        machine.put(box, values, key)


def _taken(machine: Machine, frame: Frame, node: ast.AST, box: Box, name: str, given: Arguments) -> Values:
    if name in {"get", "pop", "setdefault"}:
        keys = given.positional[0] if given.positional and box.is_mapping else OPAQUE
        return _held(box, keys, node) | union(given.positional[1:]) | NIL
    if name == "items":
        return frozenset({_pairs(machine, frame, node, box)})
    if name == "keys":
        return _as_sequence(machine, frame, node, _keys(box))
    if name == "values":
        return _as_sequence(machine, frame, node, box.elements)
    if name == "copy":
        return frozenset({box})
    if name in {"popleft", "popitem"}:
        return box.elements
    return _result(box, name)


def _result(box: Box, name: str) -> Values:
    return frozenset({box}) if name in {"union", "difference", "intersection", "__enter__"} else OPAQUE


def _as_sequence(machine: Machine, frame: Frame, node: ast.AST, values: Values) -> Values:
    made = machine.box(frame, node, role="view")
    machine.put(made, values)
    return frozenset({made})


def _pairs(machine: Machine, frame: Frame, node: ast.AST, box: Box) -> Box:
    made = machine.box(frame, node, role="items")
    for key, values in box.known.items():
        pair = machine.box(frame, node, role=f"item {key}")
        machine.put(pair, _as_value(key), 0)
        machine.put(pair, values, 1)
        machine.put(made, frozenset({pair}))
    if box.unknown:
        pair = machine.box(frame, node, role="any item")
        machine.put(pair, OPAQUE, 0)
        machine.put(pair, box.unknown, 1)
        machine.put(made, frozenset({pair}))
    return made


def generated(machine: Machine, node: ast.AST, called: Frame) -> Values:
    """Return the iterator that calling a generator function gives."""
    made = machine.box(called, node, role="generator")
    machine.put(made, called.results.get(YIELDED, NOTHING))
    return frozenset({made})
