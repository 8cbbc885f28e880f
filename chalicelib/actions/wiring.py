"""The adapters that operators act with, wired from Settings; a route imports only its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.actions.redrive import Redrives
    from chalicelib.actions.release import Releases
    from chalicelib.actions.replay import Replays
    from chalicelib.actions.upload import Uploads
    from chalicelib.aws.upload_urls import UploadUrls
    from chalicelib.landing.lane import Landing
    from chalicelib.settings import Settings


def replays(config: Settings, landing: Landing, discovered: Landing) -> Replays:
    """Wire replays, which route as the landing lane does."""
    from chalicelib.actions.replay import Replays
    from chalicelib.actions.replay_manifest import ManifestRuns
    from chalicelib.actions.replay_ndjson import FailedFiles
    from chalicelib.aws.catalog_reader import CatalogReader
    from chalicelib.aws.clients import client
    from chalicelib.aws.manifest_records import ManifestRecords
    from chalicelib.aws.redrive import MessageTarget
    from chalicelib.aws.release_log import ReleaseLog
    from chalicelib.aws.replay_log import ReplayLog
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.landing.wiring import config_reader
    from chalicelib.runs.wiring import runs

    return Replays(
        landing=landing,
        discovered=discovered,
        catalog=CatalogReader(client("dynamodb", config.aws_region), config.catalog_table),
        log=ReplayLog(client("dynamodb", config.aws_region), config.catalog_table),
        ndjson=FailedFiles(
            tracking=TrackingReader(client("dynamodb", config.aws_region), config.tracking_table),
            log=ReleaseLog(client("dynamodb", config.aws_region), config.tracking_table),
            bucket=config.ndjson_bucket,
            queue=MessageTarget(client("sqs", config.aws_region), config.ndjson_queue),
        ),
        manifests=ManifestRuns(
            records=ManifestRecords(client("dynamodb", config.aws_region), config.tracking_table),
            glue_job=config.glue_job_name,
        ),
        config=config_reader(config),
        runs=runs(config, landing, discovered),
    )


def releases(config: Settings) -> Releases:
    """Wire releases from quarantine."""
    from chalicelib.actions.release import Releases
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.copying import CopyTarget
    from chalicelib.aws.move_secret import MoveSecret
    from chalicelib.aws.redrive import MessageTarget
    from chalicelib.aws.release_log import ReleaseLog
    from chalicelib.aws.tracking_reader import TrackingReader

    s3 = client("s3", config.aws_region)
    secret = MoveSecret(client("dynamodb", config.aws_region), config.tracking_table)
    return Releases(
        tracking=TrackingReader(client("dynamodb", config.aws_region), config.tracking_table),
        log=ReleaseLog(client("dynamodb", config.aws_region), config.tracking_table),
        arrivals=Bucket(s3, config.ndjson_bucket),
        target=CopyTarget(
            s3,
            Bucket(s3, config.ndjson_bucket),
            secret,
        ),
        quarantine=Bucket(s3, config.quarantine_bucket),
        queue=MessageTarget(client("sqs", config.aws_region), config.ndjson_queue),
    )


def redrives(config: Settings, landing: Landing, discovered: Landing) -> Redrives:
    """Wire the way out of the dead-letter queues."""
    from chalicelib.actions.redrive import Redrives
    from chalicelib.aws.clients import client
    from chalicelib.aws.redrive import DeadLetterQueue, MessageTarget
    from chalicelib.ndjson.wiring import ndjson
    from chalicelib.runs.wiring import runs

    return Redrives(
        ndjson_dead=DeadLetterQueue(client("sqs", config.aws_region), config.ndjson_dlq),
        ndjson=MessageTarget(client("sqs", config.aws_region), config.ndjson_queue),
        discovered_dead=DeadLetterQueue(client("sqs", config.aws_region), config.discovered_dlq),
        discovered=MessageTarget(client("sqs", config.aws_region), config.discovered_queue),
        landing_dead=DeadLetterQueue(client("sqs", config.aws_region), config.landing_dlq),
        events_dead=DeadLetterQueue(client("sqs", config.aws_region), config.events_dlq),
        runs=runs(config, landing, discovered),
        batches=ndjson(config),
        landing=landing,
    )


def uploads(config: Settings) -> Uploads:
    """Wire what operators upload to."""
    from chalicelib.actions.upload import Place, Uploads
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.upload_urls import UploadUrls

    s3 = client("s3", config.aws_region)
    return Uploads(
        landing=Place(UploadUrls(s3, config.landing_bucket), Bucket(s3, config.landing_bucket)),
        ndjson=Place(UploadUrls(s3, config.ndjson_bucket), Bucket(s3, config.ndjson_bucket)),
        settings=config,
    )


def upload_urls(config: Settings) -> UploadUrls:
    """Wire the address of presigned uploads: that of S3, whichever bucket they go to."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.upload_urls import UploadUrls

    return UploadUrls(client("s3", config.aws_region), config.landing_bucket)
