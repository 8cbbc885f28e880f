"""How much of the Lambda's time is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isinf
from typing import Any

MARGIN_MILLISECONDS = 10_000  # kept for the call that is under way

HasTime = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Until:
    """Tells whether there is time for more, while more than `kept_ms` are left for what comes after."""

    remaining_ms: Callable[[], float]
    kept_ms: float = MARGIN_MILLISECONDS

    def __call__(self) -> bool:
        return self.remaining_ms() > self.kept_ms

    def shares(self, count: int) -> list[HasTime]:
        """Divide the time left now into equal shares, one after the other."""
        left = self.remaining_ms() - self.kept_ms
        share = 0 if isinf(left) else left / count
        return [
            Until(self.remaining_ms, self.kept_ms + share * (count - number))
            for number in range(1, count + 1)
        ]


def shares_of(has_time: HasTime, count: int) -> list[HasTime]:
    """Divide the time left now among `count` repairs that follow each other.

    What one does not use is the next one's, and none can use another's.
    """
    return has_time.shares(count) if isinstance(has_time, Until) else [has_time] * count


def remaining_ms_of(context: Any) -> Callable[[], float]:
    """Return a function that tells the milliseconds left; without a Lambda context there is no end."""
    if context is None or not hasattr(context, "get_remaining_time_in_millis"):
        return lambda: inf
    return lambda: float(context.get_remaining_time_in_millis())


def has_time_of(context: Any) -> HasTime:
    """Return a function that tells whether there is time for more; without a Lambda context there is."""
    return Until(remaining_ms_of(context))
