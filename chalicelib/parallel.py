"""Calls that wait for AWS, made side by side with a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORKERS = 16

Input = TypeVar("Input")
Output = TypeVar("Output")


def each(function: Callable[[Input], Output], inputs: Sequence[Input]) -> list[Output]:
    """Return `function` of every input, in order; the first exception is raised once all have ended."""
    if len(inputs) < 2:
        return [function(one) for one in inputs]
    with ThreadPoolExecutor(min(WORKERS, len(inputs))) as pool:
        return list(pool.map(function, inputs))
