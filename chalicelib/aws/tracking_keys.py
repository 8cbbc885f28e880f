"""Keys of the tracking table: of the files' rows, and of what stands beside them."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.items import to_item

COUNTER = "COUNTER#"
CURSOR = "CURSOR#"
EXPECTED = "EXPECTED#"
LOCK = "LOCK#"
MANIFEST = "MANIFEST#"
MEMBERS = "MEMBERS#"  # of a date: what its manifests may hold
MOVES = "MOVES#secret"
PENDING = "PENDING#"  # of a date: lists of the files that wait for a batch
RUNNING = "RUN#glue"  # Glue runs whose end is not recorded yet, by their ids
SURGE = "SURGE#flush"
UNTOLD = "UNTOLD#"  # of a date: files whose quarantine was not alerted yet
PENDING_INDEX = "unfinished"  # sparse: lists of pending files, unfinished records, held locks, a told surge
QUARANTINED_INDEX = "quarantined"  # sparse: quarantined files, and those that failed
QUARANTINED = "1"  # its partition of the former, by when they were quarantined
FAILED = "failed"  # its partition of the latter, by when they are due to be tried again


def tracking_key(date_prefix: str, file_name: str) -> dict[str, Any]:
    """Return the key of an item."""
    return to_item({"date_prefix": date_prefix, "file_name": file_name})
