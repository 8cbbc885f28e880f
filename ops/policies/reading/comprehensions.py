"""Comprehensions: a scope of their own, one container as the result."""

from __future__ import annotations

import ast

from ops.policies.reading import containers
from ops.policies.reading.state import Frame, Machine
from ops.policies.reading.values import Values

KINDS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def sequence(machine: Machine, frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Values:
    """Return a container of what the element may be."""
    scope = _scope(machine, frame, node, node.generators)
    made = machine.box(frame, node)
    machine.put(made, machine.evaluate(scope, node.elt))
    return frozenset({made})


def mapping(machine: Machine, frame: Frame, node: ast.DictComp) -> Values:
    """Return a mapping; keys that are known texts stay known."""
    scope = _scope(machine, frame, node, node.generators)
    made = machine.box(frame, node, mapping=True)
    containers.store(
        machine, scope, node, made, machine.evaluate(scope, node.key), machine.evaluate(scope, node.value)
    )
    return frozenset({made})


def _scope(machine: Machine, frame: Frame, node: ast.expr, generators: list[ast.comprehension]) -> Frame:
    key = ("comprehension", id(node), id(frame))
    scope = machine.frames.get(key)
    if scope is None:
        scope = Frame(node, frame.source, frame, frame.depth, frame.function, elsewhere=frame.elsewhere)
        machine.frames[key] = scope
    for generator in generators:
        if generator.is_async:
            raise machine.refuse(frame, node, "asynchronous code cannot be followed")
        values = machine.iterate(scope, generator.iter, machine.evaluate(scope, generator.iter))
        machine.bind(scope, generator.target, values)
        for condition in generator.ifs:
            containers.test(machine, scope, condition, machine.evaluate(scope, condition))
    return scope
