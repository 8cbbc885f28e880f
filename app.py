"""Sluice: every decorator and all wiring. What a handler does is in `chalicelib/`."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from chalice.app import Chalice, Rate

from chalicelib import logs, routing
from chalicelib import reconcile as repair
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.clients import client
from chalicelib.aws.copying import CopyTarget
from chalicelib.aws.state_machine import StateMachine
from chalicelib.aws.topic import Topic
from chalicelib.jobs import JobConfig
from chalicelib.landing import Landing
from chalicelib.outcomes import Outcome
from chalicelib.settings import Settings

app = Chalice(app_name="sluice", configure_logs=False)

STAGE = os.environ.get("STAGE", "dev")
LANDING_BUCKET = os.environ.get("LANDING_BUCKET", f"sluice-{STAGE}-landing")  # decorators need it on import


class AnyEvent:
    """A Lambda event as it is: Chalice's own classes fail on payloads that ours accept."""

    def __init__(self, payload: Any, context: Any) -> None:
        self.payload = payload
        self.context = context


@cache
def settings() -> Settings:
    """Read the environment once per process."""
    loaded = Settings.from_environ(os.environ)
    logs.configure(loaded.log_level)
    return loaded


# Landing lane


@cache
def landing() -> Landing:
    """Wire the lane of the landing bucket."""
    config, region = settings(), settings().aws_region
    return Landing(
        bucket=Bucket(client("s3", region), config.landing_bucket),
        target=CopyTarget(client("s3", region), config.landing_bucket),
        catalog=CatalogTable(client("dynamodb", region), config.catalog_table),
        machine=StateMachine(client("stepfunctions", region), config.step_function_arn),
        topic=Topic(client("sns", region), config.sns_topic_arn),
        jobs=JobConfig(
            Bucket(client("s3", region), config.landing_bucket),
            config.config_key,
            config.config_cache_seconds,
        ),
        settings=config,
    )


@app.on_s3_event(bucket=LANDING_BUCKET, events=["s3:ObjectCreated:*"])
def object_created(event: AnyEvent) -> list[Outcome]:
    """Catalogue every object of the landing bucket and route those under `INPUT_PREFIX`."""
    return routing.object_created(landing(), event.payload)


object_created.event_class = AnyEvent


# Repair


@app.schedule(Rate(5, unit=Rate.MINUTES))
def reconcile(event: AnyEvent) -> dict[str, Any]:
    """Finish what was interrupted, in every lane."""
    return repair.reconcile(landing(), event.context)


reconcile.event_class = AnyEvent
