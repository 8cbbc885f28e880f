"""Calls: of the project's functions they are followed, of clients recorded, of all else modelled."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any

from ops.policies.reading import containers, externals
from ops.policies.reading.arguments import bind_parameters
from ops.policies.reading.classes import find_in_class
from ops.policies.reading.imports import CLIENTS_MODULE, makes_clients
from ops.policies.reading.state import (
    MAX_DEPTH,
    MAX_FRAMES,
    RETURNED,
    Arguments,
    Call,
    Frame,
    Machine,
)
from ops.policies.reading.texts import text_method
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
    Nil,
    Opaque,
    Operation,
    Partial,
    Text,
    Trigger,
    Value,
    Values,
    literals_of,
    union,
)

Caller = Callable[[Machine, Frame, ast.AST, Any, Arguments], Values]


def call(machine: Machine, frame: Frame, node: ast.AST, callees: Values, given: Arguments) -> Values:
    """Return what calling any of `callees` may give; what is not known yet waits for a later round."""
    unknown = [values for values in (*given.positional, *given.named.values()) if not values]
    if unknown or not callees:
        what = "what an argument may be" if unknown else "what is called here"
        return machine.unresolved(frame, node, f"cannot tell {what}")
    return union(
        CALLERS.get(type(callee), _not_callable)(machine, frame, node, callee, given) for callee in callees
    )


def _function(machine: Machine, frame: Frame, node: ast.AST, callee: Function, given: Arguments) -> Values:
    if (callee.frame.source.name, callee.name) == (CLIENTS_MODULE, "client"):
        return _new_client(machine, frame, node, given)
    called = _frame_of(machine, frame, node, callee, given)
    bind_parameters(machine, called, callee.node.args, given)
    _run(machine, called, callee.node)
    if isinstance(callee.node, ast.FunctionDef) and _generates(callee.node):
        return containers.generated(machine, callee.node, called)
    return called.results.get(RETURNED, NOTHING)


def _run(machine: Machine, called: Frame, node: ast.FunctionDef | ast.Lambda) -> None:
    if id(called) in machine.done:
        return
    machine.done.add(id(called))
    machine.stack.append(called)
    if isinstance(node, ast.Lambda):
        machine.grow(called.results, RETURNED, machine.evaluate(called, node.body))
    else:
        machine.execute(called, node.body)
        if not isinstance(node.body[-1], ast.Return | ast.Raise):
            machine.grow(called.results, RETURNED, NIL)
    machine.stack.pop()


@cache
def _generates(node: ast.FunctionDef) -> bool:
    todo: list[ast.AST] = list(node.body)
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(one, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(one)
    return False


def _frame_of(machine: Machine, frame: Frame, node: ast.AST, callee: Function, given: Arguments) -> Frame:
    """Return the frame of a call: one per function and arguments; recursion joins the one that runs."""
    running = next(
        (one for one in reversed(machine.stack) if one.node is callee.node and one.parent is callee.frame),
        None,
    )
    depth = 1 + max([callee.frame.depth, *(value.depth for value in given.all())])
    if running is not None and _recursions(machine, callee.node) > 1:
        return running
    key: Hashable = (callee.node, callee.frame, callee.owner)
    if depth < MAX_DEPTH:
        named = tuple(sorted(given.named.items(), key=lambda pair: pair[0]))
        key = (key, tuple(given.positional), named, given.star, given.rest)
    if key not in machine.frames:
        if len(machine.frames) > MAX_FRAMES:
            raise machine.refuse(frame, node, f"{callee.name} is called in too many ways to follow them all")
        source = callee.frame.source
        machine.frames[key] = Frame(callee.node, source, callee.frame, min(depth, MAX_DEPTH), callee)
        machine.changed = True
    return machine.frames[key]


def _recursions(machine: Machine, node: ast.AST) -> int:
    return sum(one.node is node for one in machine.stack)


def _new_client(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    if not makes_clients(frame.source.name):
        raise machine.refuse(
            frame, node, "clients are made in app.py and the wiring of a lane, where their adapters are"
        )
    services = literals_of(given.positional[0] if given.positional else given.named.get("service", NOTHING))
    if services is None:
        raise machine.refuse(frame, node, "the service of a client must be a literal text")
    return frozenset(Client(service) for service in services)


def _bound(machine: Machine, frame: Frame, node: ast.AST, callee: Bound, given: Arguments) -> Values:
    receiver: Values = frozenset({callee.receiver})
    arguments = Arguments([receiver, *given.positional], given.named, given.star, given.rest)
    return _function(machine, frame, node, callee.function, arguments)


def _class(machine: Machine, frame: Frame, node: ast.AST, callee: ClassRef, given: Arguments) -> Values:
    return machine.instantiate(frame, node, callee, given)


def _instance(machine: Machine, frame: Frame, node: ast.AST, callee: Instance, given: Arguments) -> Values:
    if not find_in_class(machine, frame, callee.cls, "__call__"):
        raise machine.refuse(frame, node, f"{callee.cls.node.name} has no __call__")
    return machine.call(frame, node, machine.read(frame, node, callee, "__call__"), given)


def _operation(machine: Machine, frame: Frame, node: ast.AST, callee: Operation, given: Arguments) -> Values:
    where = f"{callee.service}.{callee.name}"
    if given.positional or given.star:
        raise machine.refuse(frame, node, f"{where}: pass its parameters by name")
    if given.rest:
        raise machine.refuse(
            frame, node, f"{where}: cannot tell which parameters ** brings; use literal keys"
        )
    if callee.name == "generate_presigned_url":
        return _presigned(machine, frame, node, callee, given)
    for values in given.named.values():
        machine.escape(frame, node, values)
    keywords = node.keywords if isinstance(node, ast.Call) else []
    certain = frozenset(keyword.arg for keyword in keywords if keyword.arg)
    machine.calls[(node, frame, callee)] = Call(callee, dict(given.named), certain, frame.at(node))
    return externals.response(machine, frame, node, callee, given)


def _presigned(machine: Machine, frame: Frame, node: ast.AST, callee: Operation, given: Arguments) -> Values:
    """Record the operation that a presigned URL stands for: its bearer acts with the function's role."""
    methods = literals_of(given.named.get("ClientMethod", NOTHING))
    boxes = [value for value in given.named.get("Params", NOTHING) if isinstance(value, Box)]
    if not methods or len(boxes) != len(given.named.get("Params", NOTHING)):
        raise machine.refuse(frame, node, "a presigned URL needs a literal ClientMethod and literal Params")
    for box in boxes:
        parameters = {key: values for key, values in box.known.items() if isinstance(key, str)}
        rest = Arguments(named=parameters, rest=box.unknown)
        for method in methods:
            _operation(machine, frame, node, Operation(callee.service, method), rest)
    return OPAQUE


def _partial(machine: Machine, frame: Frame, node: ast.AST, callee: Partial, given: Arguments) -> Values:
    positional = [*callee.positional, *given.positional]
    arguments = Arguments(positional, {**dict(callee.named), **given.named}, given.star, given.rest)
    return machine.call(frame, node, callee.callees.get("", NOTHING), arguments)


def _method(machine: Machine, frame: Frame, node: ast.AST, callee: Method, given: Arguments) -> Values:
    receiver = callee.receiver
    if isinstance(receiver, Box):
        return containers.box_method(machine, frame, node, receiver, callee.name, given)
    if isinstance(receiver, Text):
        machine.escape(frame, node, given.all())
        return text_method(receiver, callee.name, given.positional)
    return externals.opaque_method(machine, frame, node, callee.name, given)


def _opaque(machine: Machine, frame: Frame, node: ast.AST, _callee: Opaque, given: Arguments) -> Values:
    machine.escape(frame, node, given.all())
    return OPAQUE


def _trigger(machine: Machine, frame: Frame, node: ast.AST, callee: Trigger, given: Arguments) -> Values:
    from ops.policies.reading.decorators import register

    values = given.all()
    register(machine, frame, node, callee, values)
    return values


def _external(machine: Machine, frame: Frame, node: ast.AST, callee: External, given: Arguments) -> Values:
    return externals.call(machine, frame, node, callee.path, given)


def _nil(_machine: Machine, _frame: Frame, _node: ast.AST, _callee: Nil, _given: Arguments) -> Values:
    return NIL


def _not_callable(machine: Machine, frame: Frame, node: ast.AST, callee: Value, _given: Arguments) -> Values:
    raise machine.refuse(frame, node, f"a {type(callee).__name__.lower()} is called")


CALLERS: dict[type[Value], Caller] = {
    Function: _function,
    Bound: _bound,
    ClassRef: _class,
    Instance: _instance,
    Operation: _operation,
    Partial: _partial,
    Method: _method,
    Opaque: _opaque,
    Text: _opaque,
    Trigger: _trigger,
    External: _external,
    Nil: _nil,
}
