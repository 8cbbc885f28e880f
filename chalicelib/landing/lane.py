"""The landing lane's surroundings: the adapters it works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.expected_files import ArrivalLog
from chalicelib.aws.items import Row
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.settled_rows import SettledRows
from chalicelib.aws.state_machine import StateMachines
from chalicelib.aws.topic import Topic
from chalicelib.landing.catalog import Upload, UploadStatus, catalog_row
from chalicelib.landing.config import JobConfig
from chalicelib.settings import Settings

LATE = timedelta(seconds=60)  # an event this long after its upload may be a repeat: look before acting
FORCED_METADATA = "sluice-forced"  # an operator had this file started whatever its header says


@dataclass(frozen=True, slots=True)
class Landing:
    """What the landing lane works with; `bucket` and `target` are one bucket, read and copied into.

    `audit` goes into every row that is written: by it a replay says who asked. With `attempt_counted`
    a failure is not counted again: reconcile counts its attempts before it makes them. With `forced` no
    header is checked.
    """

    bucket: Bucket
    target: CopyTarget
    catalog: CatalogTable
    cursor: ListingCursor
    settled: SettledRows
    machine: StateMachines
    topic: Topic
    jobs: JobConfig
    settings: Settings
    arrivals: ArrivalLog
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    audit: Row = field(default_factory=dict)
    attempt_counted: bool = False
    forced: bool = False

    def row(self, upload: Upload, status: UploadStatus, **details: Any) -> Row:
        """Build the catalogue row of an upload, processed now."""
        is_private = upload.key.startswith(self.settings.no_preview_prefixes)
        chars = 0 if is_private else self.settings.preview_chars
        return catalog_row(upload, status, self.clock(), chars, **details, **self.audit)
