"""Arguments of a call, and how they meet a function's parameters."""

from __future__ import annotations

import ast

from ops.policies.reading import containers
from ops.policies.reading.state import Arguments, Frame, Machine
from ops.policies.reading.values import NOTHING, OPAQUE, Box, Key, Nil, Values


def arguments_of(machine: Machine, frame: Frame, node: ast.Call) -> Arguments:
    """Return the evaluated arguments of a call."""
    arguments = Arguments()
    for argument in node.args:
        _add_positional(machine, frame, arguments, argument)
    for keyword in node.keywords:
        values = machine.evaluate(frame, keyword.value)
        if keyword.arg is None:
            _spread(machine, frame, node, arguments, values)
        else:
            arguments.named[keyword.arg] = values
    return arguments


def _position(key: Key) -> int:
    return key if isinstance(key, int) else 0


def _add_positional(machine: Machine, frame: Frame, arguments: Arguments, node: ast.expr) -> None:
    if not isinstance(node, ast.Starred):
        values = machine.evaluate(frame, node)
        if arguments.star:
            arguments.star |= values
        else:
            arguments.positional.append(values)
        return
    for value in machine.evaluate(frame, node.value):
        if isinstance(value, Box) and not value.unknown and not value.is_mapping and not arguments.star:
            arguments.positional += [value.known[index] for index in sorted(value.known, key=_position)]
        else:
            arguments.star |= machine.iterate(frame, node, frozenset({value})) or OPAQUE


def _spread(machine: Machine, frame: Frame, node: ast.AST, arguments: Arguments, values: Values) -> None:
    for value in values:
        if isinstance(value, Nil):  # fails at run time, so nothing comes of it
            continue
        if not isinstance(value, Box):
            containers.operate(machine, frame, node, frozenset({value}))
            arguments.rest |= OPAQUE
            continue
        for key, held in value.known.items():
            if isinstance(key, str):
                arguments.named[key] = arguments.named.get(key, NOTHING) | held
            else:
                arguments.rest |= held
        arguments.rest |= value.unknown


def bind_parameters(machine: Machine, called: Frame, signature: ast.arguments, arguments: Arguments) -> None:
    """Give the parameters of a called function's frame what the arguments may be."""
    plain = [parameter.arg for parameter in (*signature.posonlyargs, *signature.args)]
    extra = list(arguments.positional)
    for name in plain:
        if extra:
            values = extra.pop(0)
        else:
            values = arguments.star | arguments.named.get(name, NOTHING) | arguments.rest
        machine.grow(called.names, name, values)
    for parameter in signature.kwonlyargs:
        values = arguments.named.get(parameter.arg, NOTHING) | arguments.rest
        machine.grow(called.names, parameter.arg, values)
    _bind_defaults(machine, called, signature, {*plain[: len(arguments.positional)], *arguments.named})
    _bind_extra(machine, called, signature, extra, arguments)


def _bind_defaults(machine: Machine, called: Frame, signature: ast.arguments, given: set[str]) -> None:
    assert called.function is not None
    owner = called.function.owner
    definer = owner.frame if owner else called.function.frame
    plain = [*signature.posonlyargs, *signature.args]
    tail = plain[len(plain) - len(signature.defaults) :]
    pairs = [*zip(tail, signature.defaults, strict=True)]
    pairs += [
        (p, d) for p, d in zip(signature.kwonlyargs, signature.kw_defaults, strict=True) if d is not None
    ]
    for parameter, default in pairs:
        if parameter.arg not in given:
            machine.grow(called.names, parameter.arg, machine.evaluate(definer, default))


def _bind_extra(
    machine: Machine, called: Frame, signature: ast.arguments, extra: list[Values], arguments: Arguments
) -> None:
    if signature.vararg is not None:
        rest = machine.box(called, signature.vararg)
        for index, values in enumerate(extra):
            machine.put(rest, values, index)
        if arguments.star:
            machine.put(rest, arguments.star)
        machine.grow(called.names, signature.vararg.arg, frozenset({rest}))
    if signature.kwarg is not None:
        taken = {parameter.arg for parameter in (*signature.args, *signature.kwonlyargs)}
        rest = machine.box(called, signature.kwarg, mapping=True)
        for name, values in arguments.named.items():
            if name not in taken:
                machine.put(rest, values, name)
        if arguments.rest:
            machine.put(rest, arguments.rest)
        machine.grow(called.names, signature.kwarg.arg, frozenset({rest}))


def argument(arguments: Arguments, index: int, name: str) -> Values:
    """Return one argument by its position or name."""
    if index < len(arguments.positional):
        return arguments.positional[index]
    return arguments.named.get(name, NOTHING) | arguments.star | arguments.rest
