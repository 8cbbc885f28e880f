"""A surge: more dates are due to be flushed than one run may flush. It is told once, until it ends."""

from __future__ import annotations

from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.tracking import timestamp

SUBJECT = "Many batches are due"


def tell_surge(lane: Ndjson, due: int, told: bool) -> None:
    """Alert once that more dates are `due` than one run flushes; forget that it was `told` when it ends."""
    bound = lane.settings.max_flushes_per_run
    if due > bound and not told:
        lane.topic.publish_notification(
            SUBJECT,
            f"{due} dates are due for their batch, and one run flushes {bound}. The oldest come "
            "first, in this run and the next.\nIf files with many dates are not expected, find who sends "
            "them: each date is a manifest and a Glue run. Else raise MAX_FLUSHES_PER_RUN.",
        )
        lane.surge.store(timestamp(lane.clock()))
    elif told and due <= bound:
        lane.surge.clear()
