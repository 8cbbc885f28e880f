"""What can be got at through a value's data."""

from __future__ import annotations

from collections.abc import Iterator

from ops.policies.reading.values import (
    Bound,
    Box,
    Client,
    Instance,
    Method,
    Operation,
    Partial,
    Super,
    Value,
    Values,
)


def parts_of(value: Value) -> Iterator[Values]:
    """Yield the sets of values that a container, an instance or a bound callable holds."""
    if isinstance(value, Instance):
        yield from value.attributes.values()
    elif isinstance(value, Box):
        yield value.elements
    elif isinstance(value, Partial):
        yield from (*value.callees.values(), *value.positional, *(values for _, values in value.named))
    elif isinstance(value, Super | Bound | Method):
        yield frozenset({value.receiver})


def holds_client(value: Value, seen: set[int]) -> bool:
    """Tell whether a client is reachable through data; what can only be called gives what it returns."""
    if isinstance(value, Client | Operation):
        return True
    if id(value) in seen or isinstance(value, Bound | Partial):
        return False
    seen.add(id(value))
    return any(holds_client(part, seen) for parts in parts_of(value) for part in parts)
