"""The API's adapters, put together from Settings as app.py does for the lanes.

Readers and writers are separate classes, so that a function that only reads is granted nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.actions.redrive import Redrives
    from chalicelib.actions.release import Releases
    from chalicelib.actions.replay import Replays
    from chalicelib.api.auth import CachedTokens, GivenTokens
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.upload_urls import UploadUrls
    from chalicelib.landing.lane import Landing
    from chalicelib.settings import Settings
    from chalicelib.status.batches import Tracked
    from chalicelib.status.discovery import Scans
    from chalicelib.status.explain import Sources
    from chalicelib.status.files import Uploads
    from chalicelib.status.summary import Overview


def tokens(config: Settings) -> CachedTokens | GivenTokens:
    """Wire the tokens: kept in secrets, or given as stage `local` does."""
    from chalicelib.api.auth import CachedTokens, GivenTokens, Tokens
    from chalicelib.aws.clients import client
    from chalicelib.aws.secrets import RoleSecrets

    if not config.api_tokens_secret:
        return GivenTokens(Tokens(config.api_reader_token, config.api_operator_token))
    return CachedTokens(RoleSecrets(client("secretsmanager", config.aws_region), config.api_tokens_secret))


def uploads(config: Settings) -> Uploads:
    """Wire the lists of uploads."""
    from chalicelib.aws.catalog_reader import CatalogReader
    from chalicelib.aws.clients import client
    from chalicelib.status.files import Uploads

    return Uploads(CatalogReader(client("dynamodb", config.aws_region), config.catalog_table))


def tracked(config: Settings) -> Tracked:
    """Wire the lists of the NDJSON lane."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.batches import Tracked

    return Tracked(TrackingReader(client("dynamodb", config.aws_region), config.tracking_table), config)


def config_bucket(config: Settings) -> Bucket:
    """Wire the bucket that holds the job config."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client

    return Bucket(client("s3", config.aws_region), config.landing_bucket)


def scans(config: Settings) -> Scans:
    """Wire what discovery left to read."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.state_store import StateStore
    from chalicelib.status.discovery import Scans

    return Scans(
        results=Bucket(client("s3", config.aws_region), config.s3_state_bucket),
        states=StateStore(client("s3", config.aws_region), config.s3_state_bucket),
        state_key=config.s3_state_key,
    )


def overview(config: Settings) -> Overview:
    """Wire the summary."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.queue_depth import QueueDepth
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.summary import Overview, Queues

    region = config.aws_region
    return Overview(
        uploads=uploads(config),
        tracking=TrackingReader(client("dynamodb", region), config.tracking_table),
        scans=scans(config),
        queues=Queues(
            ndjson=QueueDepth(client("sqs", region), config.ndjson_queue),
            ndjson_dead=QueueDepth(client("sqs", region), config.ndjson_dlq),
            discovered=QueueDepth(client("sqs", region), config.discovered_queue),
            discovered_dead=QueueDepth(client("sqs", region), config.discovered_dlq),
            landing_dead=QueueDepth(client("sqs", region), config.landing_dlq),
        ),
        settings=config,
    )


def sources(config: Settings) -> Sources:
    """Wire everything that may know of a key."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.catalog_reader import CatalogReader
    from chalicelib.aws.clients import client
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.explain import Sources

    return Sources(
        catalog=CatalogReader(client("dynamodb", config.aws_region), config.catalog_table),
        tracking=TrackingReader(client("dynamodb", config.aws_region), config.tracking_table),
        landing=Bucket(client("s3", config.aws_region), config.landing_bucket),
        source=Bucket(client("s3", config.aws_region), config.s3_source_bucket),
        ndjson=Bucket(client("s3", config.aws_region), config.ndjson_bucket),
        scans=scans(config),
        settings=config,
    )


def replays(config: Settings, landing: Landing, discovered: Landing) -> Replays:
    """Wire replays, which route as the landing lane does."""
    from chalicelib.actions.replay import Replays
    from chalicelib.aws.catalog_reader import CatalogReader
    from chalicelib.aws.clients import client
    from chalicelib.aws.replay_log import ReplayLog

    return Replays(
        landing=landing,
        discovered=discovered,
        catalog=CatalogReader(client("dynamodb", config.aws_region), config.catalog_table),
        log=ReplayLog(client("dynamodb", config.aws_region), config.catalog_table),
    )


def releases(config: Settings) -> Releases:
    """Wire releases from quarantine."""
    from chalicelib.actions.release import Releases
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.copying import CopyTarget
    from chalicelib.aws.redrive import MessageTarget
    from chalicelib.aws.release_log import ReleaseLog
    from chalicelib.aws.tracking_reader import TrackingReader

    return Releases(
        tracking=TrackingReader(client("dynamodb", config.aws_region), config.tracking_table),
        log=ReleaseLog(client("dynamodb", config.aws_region), config.tracking_table),
        arrivals=Bucket(client("s3", config.aws_region), config.ndjson_bucket),
        target=CopyTarget(client("s3", config.aws_region), config.ndjson_bucket),
        quarantine=Bucket(client("s3", config.aws_region), config.quarantine_bucket),
        queue=MessageTarget(client("sqs", config.aws_region), config.ndjson_queue),
    )


def redrives(config: Settings, landing: Landing) -> Redrives:
    """Wire the way out of the dead-letter queues."""
    from chalicelib.actions.redrive import Redrives
    from chalicelib.aws.clients import client
    from chalicelib.aws.redrive import DeadLetterQueue, MessageTarget

    return Redrives(
        ndjson_dead=DeadLetterQueue(client("sqs", config.aws_region), config.ndjson_dlq),
        ndjson=MessageTarget(client("sqs", config.aws_region), config.ndjson_queue),
        discovered_dead=DeadLetterQueue(client("sqs", config.aws_region), config.discovered_dlq),
        discovered=MessageTarget(client("sqs", config.aws_region), config.discovered_queue),
        landing_dead=DeadLetterQueue(client("sqs", config.aws_region), config.landing_dlq),
        landing=landing,
    )


def upload_urls(config: Settings) -> UploadUrls:
    """Wire presigned uploads."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.upload_urls import UploadUrls

    return UploadUrls(client("s3", config.aws_region), config.landing_bucket)
