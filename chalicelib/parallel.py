"""Calls that wait for AWS, made side by side with a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

WORKERS = 16

Input = TypeVar("Input")
Output = TypeVar("Output")


def each(function: Callable[[Input], Output], inputs: Sequence[Input]) -> list[Output]:
    """Return `function` of every input, in order; the first exception is raised once all have ended.

    `function` must not call `each` itself: its calls could wait for the threads that they occupy.
    """
    if len(inputs) < 2:
        return [function(one) for one in inputs]
    futures = [_pool().submit(function, one) for one in inputs]
    wait(futures)
    return [future.result() for future in futures]


@cache
def _pool() -> ThreadPoolExecutor:
    """Make the process's threads once: starting ten for a batch took as long as tracking six files."""
    return ThreadPoolExecutor(WORKERS, "sluice")
