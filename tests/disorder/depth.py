"""How many stories the disorder tests tell: a quick, repeatable share by default, more on demand."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SHRINK = "SHRINK" in os.environ  # look for the shortest story that fails: takes minutes
MORE = int(os.environ.get("DISORDER", "1"))  # times as many stories, and other ones each time


def depth(stories: int, steps: int) -> settings:
    """Return Hypothesis's settings for `stories` of up to `steps` steps, times DISORDER."""
    return settings(
        max_examples=stories * MORE,
        stateful_step_count=steps,
        derandomize=MORE == 1,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink] if SHRINK else [Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
