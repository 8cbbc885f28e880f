"""The adapters of the ends of runs, put together from Settings."""

from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.aws.listing_cursor import ListingCursor
from chalicelib.aws.run_log import RunLog
from chalicelib.landing.lane import Landing
from chalicelib.runs.lane import Runs
from chalicelib.settings import Settings


def runs(config: Settings, landing: Landing, discovered: Landing) -> Runs:
    """Wire what ends the executions that the landing lanes started."""
    region = config.aws_region
    return Runs(
        landing=landing,
        discovered=discovered,
        log=RunLog(client("dynamodb", region), config.catalog_table),
        cursor=ListingCursor(client("dynamodb", region), config.tracking_table, "runs"),
    )
