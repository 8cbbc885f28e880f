"""The adapters and settings of the NDJSON lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.glue import GlueJob
from chalicelib.aws.items import Row
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.lock import DistributedLock
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.aws.surge_mark import SurgeMark
from chalicelib.aws.topic import Topic
from chalicelib.aws.tracking_table import TrackingTable
from chalicelib.settings import Settings


@dataclass(slots=True)
class Asking:
    """Whether Glue is asked for runs: where it refused one, it would refuse the next one too."""

    ended: bool = False


@dataclass(frozen=True, slots=True)
class Ndjson:
    """What the NDJSON lane works with; `tracking` to `surge` are parts of one table.

    `glue` is None when no job is to be started; `asking` is of one invocation. `audit` goes into every row
    that is written; it tells that a repair wrote the row.
    """

    bucket: Bucket
    quarantine: CopyTarget
    manifests: Bucket
    tracking: TrackingTable
    records: ManifestRecords
    lock: DistributedLock
    cursor: ListingCursor
    surge: SurgeMark
    glue: GlueJob | None
    topic: Topic
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    audit: Row = field(default_factory=dict)
    asking: Asking = field(default_factory=Asking)
