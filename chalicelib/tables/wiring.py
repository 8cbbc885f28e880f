"""The adapters of the tables' manifests, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.clients import client
from chalicelib.aws.document_store import DocumentStore
from chalicelib.landing.wiring import job_config
from chalicelib.settings import Settings
from chalicelib.tables.manifests import TableManifests


def table_manifests(config: Settings) -> TableManifests:
    """Wire the lane of the tables' manifests."""
    region = config.aws_region
    return TableManifests(
        source=Bucket(client("s3", region), config.landing_bucket),
        manifests=DocumentStore(client("s3", region), config.landing_bucket),
        jobs=job_config(config),
        settings=config,
    )
