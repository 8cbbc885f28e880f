"""What a replay would do with one upload, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.landing.catalog import UploadStatus
from chalicelib.status.prediction import Prediction


class Action(StrEnum):
    """What is done: nothing, routing where it lies, routing after its way back, or another execution."""

    NONE = "none"
    ROUTE = "route"
    RESTORE = "restore"
    START_AGAIN = "start_again"


@dataclass(frozen=True, slots=True)
class Step:
    """One upload of a replay: what is to be done, why, and the outcome it should come to."""

    row: Row
    action: Action
    why: str
    expected: str = ""

    def shown(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        about = {"key": self.row["file_key"], "timestamp": self.row["timestamp"]}
        return {**about, "from_status": self.row["status"], "action": str(self.action), "why": self.why,
                "expected": self.expected or None}  # fmt: skip


def plan(row: Row, now: Prediction, *, force: bool) -> Step:
    """Tell what a replay does with an upload whose key would come to `now`."""
    status = row["status"]
    if status == UploadStatus.VANISHED:
        return Step(row, Action.NONE, "Its object is gone; upload it again.")
    if status == UploadStatus.TRIGGERED and not force:
        return Step(row, Action.NONE, f"It started {row.get('execution')}; give force to start it once more.")
    if now.outcome == UploadStatus.FAILED:
        return Step(row, Action.NONE, now.why)
    if now.outcome == status or now.outcome not in {*UploadStatus}:
        return _unless_forced(row, now, force=force)
    if status == UploadStatus.TRIGGERED:
        return _start_again(row, now)
    if row.get("moved_to"):
        return Step(row, Action.RESTORE, f"It goes back from {row['moved_to']}. {now.why}", now.outcome)
    return Step(row, Action.ROUTE, now.why, now.outcome)


def _unless_forced(row: Row, now: Prediction, *, force: bool) -> Step:
    if force and row["status"] == now.outcome == UploadStatus.TRIGGERED:
        return _start_again(row, now)
    return Step(row, Action.NONE, f"Nothing would change. {now.why}")


def _start_again(row: Row, now: Prediction) -> Step:
    if now.outcome != UploadStatus.TRIGGERED:
        return Step(row, Action.NONE, f"No active job takes it now. {now.why}")
    return Step(row, Action.START_AGAIN, f"Forced: it started {row.get('execution')} before. {now.why}",
                UploadStatus.TRIGGERED)  # fmt: skip
