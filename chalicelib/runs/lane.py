"""The surroundings of what ended: the landing lanes whose executions these are, and their rows."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.run_log import RunLog
from chalicelib.landing.lane import Landing


@dataclass(frozen=True, slots=True)
class Runs:
    """What the ends of executions are recorded with; `cursor` says where the asking for lost events goes on.

    `discovered` is the landing lane on the bucket that discovery scans.
    """

    landing: Landing
    discovered: Landing
    log: RunLog
    cursor: ListingCursor

    def lane_of(self, bucket: str) -> Landing | None:
        """Return the lane whose bucket this is; None when no lane works on it any more."""
        if bucket == self.landing.bucket.name:
            return self.landing
        return self.discovered if bucket == self.discovered.bucket.name else None
