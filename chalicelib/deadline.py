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
