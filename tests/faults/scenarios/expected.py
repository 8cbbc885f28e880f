"""What happens to the watch over expected files: one is late, and is to be told once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import app
from chalicelib.expected import watch, wiring
from tests.faults.dying import Death, Meanwhile
from tests.faults.matrix import Case, Scenario
from tests.support.builders import job
from tests.support.lanes.ndjson import items
from tests.support.reset import forget_everything
from tests.support.world import World

JOB = job(expected={"by": "05:30", "grace_minutes": 15})
NIGHT = datetime(2026, 1, 12, 3, tzinfo=UTC)
LATE = datetime(2026, 1, 12, 5, 45, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)


@dataclass
class Late:
    """No file came by its due time and the grace."""

    name: str = "an expected file is late"
    reconcile_alone: bool = False  # the next run of the schedule brings the outcome
    world: World | None = None
    now: datetime = LATE
    unsure: int = 0

    def begin(self) -> None:
        """See the expectation in the night, and let its due time pass."""
        forget_everything()
        self.world = self.world or World()
        self.world.forget_alerts()
        self.world.configure([JOB])
        self.now = NIGHT
        self.trigger()
        self.now, self.unsure = LATE, 0

    def trigger(self) -> None:
        """Run as the schedule does."""
        lane = dataclasses.replace(wiring.expected(app.settings()), clock=lambda: self.now)
        self.unsure += watch.watch_expected(lane, None)["errors"]

    def redeliver(self) -> None:
        """Run five minutes later."""
        self.now += FIVE_MINUTES
        self.trigger()

    def reconcile(self) -> None:
        """Run five minutes later, when nothing goes wrong any more."""
        self.redeliver()

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another run looks, the file comes, or its job is switched off."""
        return {
            "another run": self.trigger,
            "the file": self._arrive,
            "a switch": lambda: self.seen().configure([{**JOB, "is_active": False}]),
        }

    def _arrive(self) -> None:
        self.seen().land("data/in/customers.csv")

    def faults(self, case: Case) -> list[str]:
        """Count the alerts; a run that died while it sent one says so instead of sending it again."""
        told = [alert["Subject"] for alert in self.seen().alerts()].count(watch.LATE_SUBJECT)
        at_most = 2 if case.call.operation == "Publish" and not isinstance(case.fault, Death) else 1
        is_excused = isinstance(case.fault, Meanwhile) or (isinstance(case.fault, Death) and self.unsure)
        found = [f"told {told} times"] if told > at_most or (told == 0 and not is_excused) else []
        return found + [f"left: {row}" for row in items("EXPECTED#") if {"telling", "untold"} & {*row}]

    def seen(self) -> World:
        """Return what there is to see."""
        assert self.world is not None
        return self.world


EXPECTED: list[Scenario] = [Late()]
