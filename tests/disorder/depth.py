"""How many stories Hypothesis tells; each is judged at its end.

By default it tells a quick, repeatable share; with DISORDER=10 ten times as many, other ones each time.
"""

from __future__ import annotations

import os
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SHRINK = "SHRINK" in os.environ  # look for the shortest story that fails: takes minutes
MORE = int(os.environ.get("DISORDER", "1"))


class Disorder(RuleBasedStateMachine):
    """A story of steps in any order; `settle` ends what is under way, then `faults` judges what is stored."""

    judged: ClassVar[int] = 0

    def settle(self) -> None:
        """Let everything under way end, as AWS and the schedules do."""
        raise NotImplementedError

    def faults(self) -> list[str]:
        """Return every way in which what is stored breaks a promise."""
        raise NotImplementedError

    def teardown(self) -> None:
        """End the story and judge it."""
        self.settle()
        faults = self.faults()
        assert not faults, "\n".join(faults)
        type(self).judged += 1


def tell(machine: type[Disorder], stories: int, steps: int) -> tuple[int, int]:
    """Tell `stories` times DISORDER stories of `steps` steps at most; return the judged and the planned."""
    machine.judged = 0
    wanted = stories * MORE
    depth = settings(
        max_examples=wanted,
        stateful_step_count=steps,
        derandomize=MORE == 1,
        database=None,
        deadline=None,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink] if SHRINK else [Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=depth)
    return machine.judged, wanted
