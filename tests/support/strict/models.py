"""What AWS's service models say of a request: length, range, pattern, values. Botocore checks minima alone.

A violation is told at the end of the test, because the code under test may catch whatever a call raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

FORMS = {
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010ffff",
    r"\p{ASCII}": r"[\x00-\x7f]",
}  # Java's and Python's
SIZED = (str, bytes, list, dict)
_inputs: dict[str, Any] = {}  # by call: every client reads the same models anew


def violations(call: str, model: Any, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a call's parameters."""
    if call not in _inputs:
        _inputs[call] = model.input_shape
    if _inputs[call] is not None:
        yield from _of(_inputs[call], parameters, call)


def _of(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.metadata:
        yield from _outside(shape.metadata, value, path)
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _of_entry(shape, key, each, path)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _of(shape.member, each, f"{path}[]")


def _of_entry(shape: Any, key: str, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "map":
        yield from _of(shape.key, key, f"{path}.{{}}")
        yield from _of(shape.value, value, f"{path}.{key}")
    elif key in shape.members:
        yield from _of(shape.members[key], value, f"{path}.{key}")


def _outside(metadata: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    size = len(value) if isinstance(value, SIZED) else value
    if isinstance(size, int | float):
        low, high = metadata.get("min", size), metadata.get("max", size)
        if not low <= size <= high:
            yield f"{path}: {size} is not from {low} to {high}"
    if isinstance(value, str):
        if value not in metadata.get("enum", [value]):
            yield f"{path}: {value!r:.80} is none of {metadata['enum']}"
        pattern = _compiled(metadata["pattern"]) if "pattern" in metadata else None
        if pattern and not pattern.fullmatch(value):
            yield f"{path}: {value!r:.80} does not match {metadata['pattern']}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of the models, which are Java's; None for one that Python has no form for."""
    for theirs, ours in FORMS.items():
        pattern = pattern.replace(theirs, ours)
    with suppress(re.error):
        return re.compile(pattern, re.ASCII)
    return None
