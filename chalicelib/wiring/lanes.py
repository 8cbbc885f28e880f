"""The lanes' adapters, put together from Settings; each lane imports its own, because a function runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.discovery.scan import Discovery
    from chalicelib.landing.jobs import JobConfig
    from chalicelib.landing.lane import Landing
    from chalicelib.ndjson.lane import Ndjson
    from chalicelib.settings import Settings
    from chalicelib.tables.manifests import TableManifests


def landing(config: Settings) -> Landing:
    """Wire the lane of the landing bucket."""
    return _landing(config, config.landing_bucket)


def discovered_files(config: Settings) -> Landing:
    """Wire the landing lane on the bucket that discovery scans."""
    return _landing(config, config.s3_source_bucket)


def ndjson(config: Settings) -> Ndjson:
    """Wire the lane of the NDJSON bucket."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.copying import CopyTarget
    from chalicelib.aws.glue import GlueJob
    from chalicelib.aws.listing_cursor import ListingCursor
    from chalicelib.aws.lock import DistributedLock
    from chalicelib.aws.manifest_records import ManifestRecords
    from chalicelib.aws.topic import Topic
    from chalicelib.aws.tracking_table import TrackingTable
    from chalicelib.ndjson.lane import Ndjson

    region = config.aws_region
    job = config.glue_job_name
    return Ndjson(
        bucket=Bucket(client("s3", region), config.ndjson_bucket),
        quarantine=CopyTarget(client("s3", region), config.quarantine_bucket),
        manifests=Bucket(client("s3", region), config.manifest_bucket),
        tracking=TrackingTable(client("dynamodb", region), config.tracking_table),
        records=ManifestRecords(client("dynamodb", region), config.tracking_table),
        lock=DistributedLock(client("dynamodb", region), config.tracking_table),
        cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "arrivals"),
        glue=GlueJob(client("glue", region), job) if job else None,  # its client takes as long as S3's
        topic=Topic(client("sns", region), config.sns_topic_arn),
        settings=config,
    )


def discovery_scan(config: Settings) -> Discovery:
    """Wire the scan for CSV files."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.queue import Queue
    from chalicelib.aws.state_store import StateStore
    from chalicelib.discovery.listing import Scope
    from chalicelib.discovery.scan import Discovery
    from chalicelib.landing.lane import own_outputs

    region = config.aws_region
    return Discovery(
        source=Bucket(client("s3", region), config.s3_source_bucket),
        states=StateStore(client("s3", region), config.s3_state_bucket),
        queue=Queue(client("sqs", region), config.sqs_queue_url),
        scope=Scope(config.s3_prefix, config.skip_folders, own_outputs(config)),
        state_key=config.s3_state_key,
    )


def table_manifests_run(config: Settings) -> TableManifests:
    """Wire the lane of the tables' manifests."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.state_store import StateStore
    from chalicelib.tables.manifests import TableManifests

    region = config.aws_region
    return TableManifests(
        source=Bucket(client("s3", region), config.landing_bucket),
        manifests=StateStore(client("s3", region), config.landing_bucket),
        jobs=_jobs(config),
        settings=config,
    )


def _landing(config: Settings, bucket: str) -> Landing:
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.catalog_table import CatalogTable
    from chalicelib.aws.clients import client
    from chalicelib.aws.copying import CopyTarget
    from chalicelib.aws.listing_cursor import ListingCursor
    from chalicelib.aws.state_machine import StateMachine
    from chalicelib.aws.topic import Topic
    from chalicelib.landing.lane import Landing

    region = config.aws_region
    return Landing(
        bucket=Bucket(client("s3", region), bucket),
        target=CopyTarget(client("s3", region), bucket),
        catalog=CatalogTable(client("dynamodb", region), config.catalog_table),
        cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "landing"),
        machine=StateMachine(client("stepfunctions", region), config.step_function_arn),
        topic=Topic(client("sns", region), config.sns_topic_arn),
        jobs=_jobs(config),
        settings=config,
    )


def _jobs(config: Settings) -> JobConfig:
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.landing.jobs import JobConfig

    bucket = Bucket(client("s3", config.aws_region), config.landing_bucket)
    return JobConfig(bucket, config.config_key, config.config_cache_seconds)
