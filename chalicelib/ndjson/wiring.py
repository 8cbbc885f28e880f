"""The adapters of the NDJSON lane, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.alert_marks import AlertMarks
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.clients import client
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.glue import GlueJob
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.lock import DistributedLock
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.aws.move_secret import MoveSecret
from chalicelib.aws.pending_lists import PendingLists
from chalicelib.aws.topic import Topic
from chalicelib.aws.tracking_table import TrackingTable
from chalicelib.ndjson.lane import Ndjson
from chalicelib.settings import Settings


def ndjson(config: Settings) -> Ndjson:
    """Wire the lane of the NDJSON bucket."""
    region = config.aws_region
    job = config.glue_job_name
    s3 = client("s3", region)
    secret = MoveSecret(client("dynamodb", region), config.tracking_table)
    return Ndjson(
        bucket=Bucket(client("s3", region), config.ndjson_bucket),
        released=CopyTarget(s3, Bucket(s3, config.ndjson_bucket), secret),
        quarantine=CopyTarget(s3, Bucket(s3, config.quarantine_bucket), secret),
        manifests=Bucket(client("s3", region), config.manifest_bucket),
        tracking=TrackingTable(client("dynamodb", region), config.tracking_table),
        lists=PendingLists(client("dynamodb", region), config.tracking_table),
        records=ManifestRecords(client("dynamodb", region), config.tracking_table),
        lock=DistributedLock(client("dynamodb", region), config.tracking_table),
        cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "arrivals"),
        run_cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "glue_runs"),
        marks=AlertMarks(client("dynamodb", region), config.tracking_table),
        glue=GlueJob(client("glue", region), job) if job else None,  # its client takes as long as S3's
        topic=Topic(client("sns", region), config.sns_topic_arn, config.alert_format),
        settings=config,
    )
