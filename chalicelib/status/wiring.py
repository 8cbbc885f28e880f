"""The readers of the status API, wired from Settings; a route imports only its own.

Readers and writers are separate classes, so that a function that only reads is granted nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.landing.config import ConfigReader
    from chalicelib.settings import Settings
    from chalicelib.status.alerts import Alerts
    from chalicelib.status.batches import NdjsonLists
    from chalicelib.status.discovery import Scans
    from chalicelib.status.explain import Sources
    from chalicelib.status.files import FileLists, Uploads
    from chalicelib.status.jobs import JobLists
    from chalicelib.status.summary import Overview


def uploads(config: Settings) -> Uploads:
    """Wire the lists of uploads."""
    from chalicelib.aws.catalog_reader import CatalogReader
    from chalicelib.aws.clients import client
    from chalicelib.status.files import Uploads

    return Uploads(CatalogReader(client("dynamodb", config.aws_region), config.catalog_table))


def alerts(config: Settings) -> Alerts:
    """Wire the list of alerts."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.expected_files import ExpectedReader
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.alerts import Alerts

    dynamodb = client("dynamodb", config.aws_region)
    tracking = TrackingReader(dynamodb, config.tracking_table)
    return Alerts(
        uploads(config), tracking, ExpectedReader(dynamodb, config.tracking_table), config.config_key
    )


def file_lists(config: Settings) -> FileLists:
    """Wire the lists of files."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.files import FileLists

    tracking = TrackingReader(client("dynamodb", config.aws_region), config.tracking_table)
    return FileLists(uploads(config), tracking)


def ndjson_lists(config: Settings) -> NdjsonLists:
    """Wire the lists of the NDJSON lane."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.tracking_reader import TrackingReader
    from chalicelib.status.batches import NdjsonLists

    return NdjsonLists(TrackingReader(client("dynamodb", config.aws_region), config.tracking_table), config)


def config_reader(config: Settings) -> ConfigReader:
    """Wire where the job config lies, and the copy of the last good one."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.landing.config import ConfigReader

    s3 = client("s3", config.aws_region)
    landing, copies = Bucket(s3, config.landing_bucket), Bucket(s3, config.s3_state_bucket)
    return ConfigReader(landing, config.config_key, copies, frozenset(config.state_machines))


def job_lists(config: Settings) -> JobLists:
    """Wire the list of jobs."""
    from chalicelib.aws.clients import client
    from chalicelib.aws.expected_files import ExpectedReader
    from chalicelib.status.jobs import JobLists

    expected = ExpectedReader(client("dynamodb", config.aws_region), config.tracking_table)
    return JobLists(config_reader(config), uploads(config), expected)


def scans(config: Settings) -> Scans:
    """Wire discovery's results and state."""
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.document_store import DocumentStore
    from chalicelib.status.discovery import Scans

    return Scans(
        results=Bucket(client("s3", config.aws_region), config.s3_state_bucket),
        states=DocumentStore(client("s3", config.aws_region), config.s3_state_bucket),
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
        config=config_reader(config),
        queues=Queues(
            ndjson=QueueDepth(client("sqs", region), config.ndjson_queue),
            ndjson_dead=QueueDepth(client("sqs", region), config.ndjson_dlq),
            discovered=QueueDepth(client("sqs", region), config.discovered_queue),
            discovered_dead=QueueDepth(client("sqs", region), config.discovered_dlq),
            landing_dead=QueueDepth(client("sqs", region), config.landing_dlq),
            events_dead=QueueDepth(client("sqs", region), config.events_dlq),
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
        config=config_reader(config),
        settings=config,
    )
