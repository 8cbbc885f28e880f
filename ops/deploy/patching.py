"""Change a class of Chalice in this process where Chalice offers no setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def wrap(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    """Replace attribute `name` of `owner` by what `make` makes of it; fail when `owner` has none."""
    setattr(owner, name, make(vars(owner)[name]))
