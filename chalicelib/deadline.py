"""How much of the Lambda's time is left."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

MARGIN_MILLISECONDS = 10_000  # kept for the call that is under way

HasTime = Callable[[], bool]


def remaining_ms_of(context: Any) -> Callable[[], float]:
    """Return a function that tells the milliseconds left; without a Lambda context there is no end."""
    if context is None or not hasattr(context, "get_remaining_time_in_millis"):
        return lambda: inf
    return lambda: float(context.get_remaining_time_in_millis())


def has_time_of(context: Any) -> HasTime:
    """Return a function that tells whether there is time for more; without a Lambda context there is."""
    remaining_ms = remaining_ms_of(context)
    return lambda: remaining_ms() > MARGIN_MILLISECONDS


class Shares:
    """The time that is left, shared among a number of tasks: none takes what the later ones are to have.

    What a task does not use is shared among those after it.
    """

    def __init__(self, context: Any, tasks: int) -> None:
        self._remaining_ms = remaining_ms_of(context)
        self._tasks = tasks

    def next(self) -> HasTime:
        """Begin the next task: return a function that tells whether its share lasts."""
        usable = self._remaining_ms() - MARGIN_MILLISECONDS
        share = usable / max(self._tasks, 1)
        self._tasks -= 1
        end = 0.0 if usable == inf else usable - share + MARGIN_MILLISECONDS
        return lambda: self._remaining_ms() > max(end, MARGIN_MILLISECONDS)
