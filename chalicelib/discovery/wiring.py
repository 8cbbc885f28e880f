"""The adapters of the scan for CSV files, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.clients import client
from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.queue import Queue
from chalicelib.discovery.listing import Scope
from chalicelib.discovery.scan import Discovery
from chalicelib.settings import Settings


def discovery_scan(config: Settings) -> Discovery:
    """Wire the scan for CSV files."""
    region = config.aws_region
    return Discovery(
        source=Bucket(client("s3", region), config.s3_source_bucket),
        states=DocumentStore(client("s3", region), config.s3_state_bucket),
        queue=Queue(client("sqs", region), config.sqs_queue_url),
        scope=Scope.of(config),
        state_key=config.s3_state_key,
    )
