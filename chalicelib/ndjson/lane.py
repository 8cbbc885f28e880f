"""The adapters and settings of the NDJSON lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.aws.alert_marks import AlertMarks
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.glue import GlueJob
from chalicelib.aws.items import Row
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.lock import DistributedLock
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.aws.pending_lists import PendingLists
from chalicelib.aws.topic import Topic
from chalicelib.aws.tracking_table import TrackingTable
from chalicelib.settings import Settings

REMEMBERED = timedelta(hours=1)
MOST_KNOWN = 500_000  # some 40 MB


@dataclass(slots=True)
class Asking:
    """Whether Glue is asked for runs: where it refused one, it would refuse the next one too."""

    ended: bool = False


@dataclass(slots=True)
class Known:
    """Listed versions, as hashes, of which this process knows what it need not ask again for an hour.

    Those `settled` need nothing more; those `undated` did not come back from quarantine.
    """

    since: datetime | None = None
    settled: set[int] = field(default_factory=set)
    undated: set[int] = field(default_factory=set)

    def renew(self, now: datetime) -> None:
        """Forget everything that is an hour old, or too much."""
        many = len(self.settled) + len(self.undated) > MOST_KNOWN
        if self.since is None or now - self.since > REMEMBERED or many:
            self.since, self.settled, self.undated = now, set(), set()


@dataclass(frozen=True, slots=True)
class Ndjson:
    """What the NDJSON lane works with; `tracking` to `marks` are parts of one table.

    `released` is `bucket` as the place that files come back to from quarantine: it knows our own copies.
    `glue` is None when no job is to be started; `asking` is of one invocation. `audit` goes into every row
    that is written; it tells that a repair wrote the row.
    """

    bucket: Bucket
    quarantine: CopyTarget
    released: CopyTarget
    manifests: Bucket
    tracking: TrackingTable
    lists: PendingLists
    records: ManifestRecords
    lock: DistributedLock
    cursor: ListingCursor
    run_cursor: ListingCursor
    marks: AlertMarks
    glue: GlueJob | None
    topic: Topic
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    audit: Row = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    asking: Asking = field(default_factory=Asking)
