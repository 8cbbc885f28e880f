"""The adapters of the landing lane, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.clients import client
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.expected_files import ArrivalLog
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.move_secret import MoveSecret
from chalicelib.aws.settled_rows import SettledRows
from chalicelib.aws.state_machine import StateMachines
from chalicelib.aws.topic import Topic
from chalicelib.landing.config import ConfigReader, JobConfig
from chalicelib.landing.lane import Landing
from chalicelib.settings import Settings


def landing(config: Settings, bucket: str) -> Landing:
    """Wire the lane on the bucket whose files it routes."""
    region, secret = config.aws_region, move_secret(config)
    return Landing(
        bucket=Bucket(client("s3", region), bucket),
        target=CopyTarget(client("s3", region), Bucket(client("s3", region), bucket), secret),
        catalog=CatalogTable(client("dynamodb", region), config.catalog_table),
        cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "landing"),
        settled=SettledRows(state_documents(config), secret, f"{config.catalog_table} {bucket}"),
        machine=StateMachines(
            client("stepfunctions", region), config.step_function_arn, config.state_machines
        ),
        topic=Topic(client("sns", region), config.sns_topic_arn, config.alert_format),
        jobs=job_config(config),
        settings=config,
        arrivals=ArrivalLog(client("dynamodb", region), config.tracking_table),
    )


def move_secret(config: Settings) -> MoveSecret:
    """Wire the secret that signs moved copies."""
    return MoveSecret(client("dynamodb", config.aws_region), config.tracking_table)


def job_config(config: Settings) -> JobConfig:
    """Wire the config of the jobs."""
    return JobConfig(config_reader(config), state_documents(config), config.config_cache_seconds)


def state_documents(config: Settings) -> DocumentStore:
    """Wire the bucket of Sluice's own documents."""
    return DocumentStore(client("s3", config.aws_region), config.s3_state_bucket)


def config_reader(config: Settings) -> ConfigReader:
    """Wire where the config lies, and the copy of the last good one."""
    return ConfigReader(
        bucket=Bucket(client("s3", config.aws_region), config.landing_bucket),
        key=config.config_key,
        copies=Bucket(client("s3", config.aws_region), config.s3_state_bucket),
        machines=frozenset(config.state_machines),
    )
