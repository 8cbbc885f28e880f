"""What a replay would do with one upload, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.api.answers import Body
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import STARTED, UploadStatus
from chalicelib.status.prediction import Prediction


class Action(StrEnum):
    """What a replay does: nothing, route the file, move it back and route it, or start it once more."""

    NONE = "none"
    ROUTE = "route"
    RESTORE = "restore"
    START_AGAIN = "start_again"


@dataclass(frozen=True, slots=True)
class PlannedReplay:
    """One upload of a replay: what is to be done with it, why, and the outcome to expect.

    `is_gone` tells that it was parked and lies there no more.
    """

    row: Row
    action: Action
    why: str
    expected: str = ""
    is_gone: bool = False

    def cancelled(self, why: str) -> PlannedReplay:
        """Return the plan to do nothing after all."""
        return replace(self, action=Action.NONE, why=why, expected="")

    def shown(self) -> Body:
        """Return it as JSON has it."""
        about = {
            "key": self.row["file_key"],
            "timestamp": self.row["timestamp"],
            "etag": self.row.get("etag"),
        }
        return {**about, "from_status": self.row["status"], "action": str(self.action), "why": self.why,
                "expected": self.expected or None}  # fmt: skip


def plan(row: Row, now: Prediction, *, force: bool) -> PlannedReplay:
    """Tell what a replay does with an upload whose key would come to `now`."""
    status = row["status"]
    if status == UploadStatus.VANISHED:
        return PlannedReplay(row, Action.NONE, "Its object is gone; upload it again.")
    if status in STARTED - {UploadStatus.JOB_FAILED} and not force:
        why = f"It started {row.get('execution')}; give force to start it once more."
        return PlannedReplay(row, Action.NONE, why)
    if now.outcome == UploadStatus.FAILED:
        return PlannedReplay(row, Action.NONE, now.why)
    if now.outcome == status or now.outcome not in {*UploadStatus}:
        return _unless_forced(row, now, force=force)
    if status in STARTED:
        return _start_again(row, now)
    if row.get("moved_to"):
        why = f"It goes back from {row['moved_to']}. {now.why}"
        return PlannedReplay(row, Action.RESTORE, why, now.outcome)
    return PlannedReplay(row, Action.ROUTE, now.why, now.outcome)


def _unless_forced(row: Row, now: Prediction, *, force: bool) -> PlannedReplay:
    if force and row["status"] in STARTED:
        return _start_again(row, now)
    way_out = " Give force to start it as it is." if now.outcome == UploadStatus.REJECTED else ""
    return PlannedReplay(row, Action.NONE, f"Nothing would change. {now.why}{way_out}")


def _start_again(row: Row, now: Prediction) -> PlannedReplay:
    if now.outcome != UploadStatus.TRIGGERED:
        return PlannedReplay(row, Action.NONE, f"No active job takes it now. {now.why}")
    how = "Its execution" if row["status"] == UploadStatus.JOB_FAILED else "Forced: it started"
    did = "failed" if row["status"] == UploadStatus.JOB_FAILED else "before"
    why = f"{how} {row.get('execution')} {did}. {now.why}"
    return PlannedReplay(row, Action.START_AGAIN, why, UploadStatus.TRIGGERED)
