"""The adapters of expected files, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.aws.expected_files import ExpectedFiles, ExpectedReader
from chalicelib.aws.topic import Topic
from chalicelib.expected.lane import Expected
from chalicelib.landing.wiring import job_config
from chalicelib.settings import Settings


def expected(config: Settings) -> Expected:
    """Wire what watches expected files."""
    region = config.aws_region
    return Expected(
        jobs=job_config(config),
        reader=ExpectedReader(client("dynamodb", region), config.tracking_table),
        files=ExpectedFiles(client("dynamodb", region), config.tracking_table),
        topic=Topic(client("sns", region), config.sns_topic_arn, config.alert_format),
    )
