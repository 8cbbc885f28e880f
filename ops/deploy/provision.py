"""`python -m ops provision --stage <stage>`: create or update a stage's buckets, tables, queues and topic."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ops.aws_session import is_emulator, locate, open_session
from ops.deploy.given_buckets import leave_former, require_ready
from ops.deploy.notifications import announce_to_queue
from ops.deploy.stack import Outcome, Say, Stack, apply_stack
from ops.deploy.template import condensed
from ops.stages import (
    ROOT,
    STAGE_TAG,
    Stage,
    Target,
    bucket_suffix,
    environment_of,
    load_stage,
    require_usable,
)
from ops.teardown.inventory import is_gone
from ops.teardown.removal import remove_orphans

TEMPLATE = Path(".chalice", "resources.yaml")
GIVEN = {  # parameters that the stage's config gives
    "AlertEmail": "ALERT_EMAIL",
    "PageOrigin": "PAGE_ORIGIN",
    "PermissionsBoundary": "PERMISSIONS_BOUNDARY",
}
EMULATOR_POLL_SECONDS = 0.1
AWS_POLL_SECONDS = 3.0


def provision(stage: Stage, session: Any, target: Target, say: Say) -> Outcome:
    """Create or update the stage's stack, then its notification; return what had to be done."""
    poll_seconds = EMULATOR_POLL_SECONDS if is_emulator() else AWS_POLL_SECONDS
    environment = environment_of(stage, target)
    require_ready(stage, session, target)
    remove_orphans(session, stage.stack_name, say)
    leave_former(stage, session, environment, say)
    wanted = wanted_stack(
        stage, target, made_by_0_1_0=_has_local_index(session, environment["TRACKING_TABLE"])
    )
    outcome = apply_stack(session.client("cloudformation"), wanted, say, poll_seconds)
    queue_arn = f"arn:{target.partition}:sqs:{target.region}:{target.account}:{environment['NDJSON_QUEUE']}"
    announced = announce_to_queue(session.client("s3"), environment["NDJSON_BUCKET"], queue_arn)
    return "updated" if announced and outcome == "unchanged" else outcome


def wanted_stack(stage: Stage, target: Target, root: Path = ROOT, *, made_by_0_1_0: bool = False) -> Stack:
    """Return the stack that the template and the stage's config describe.

    A tracking table that Sluice 0.1.0 made keeps its local index: DynamoDB takes none out of a table.
    """
    return Stack(
        name=stage.stack_name,
        template=condensed((root / TEMPLATE).read_text()),
        parameters={
            "Stage": stage.name,
            "BucketSuffix": bucket_suffix(stage, target),
            "OwnStateMachine": "yes" if stage.has_own_state_machine else "no",
            "LocalIndex": "yes" if made_by_0_1_0 else "no",
            "GivenLandingBucket": stage.given_buckets.get("LANDING_BUCKET", ""),
            "GivenNdjsonBucket": stage.given_buckets.get("NDJSON_BUCKET", ""),
            **{name: stage.environment.get(setting, "") for name, setting in GIVEN.items()},
        },
        tags={STAGE_TAG: stage.name},
        is_protected=stage.name == "prod",
    )


def _has_local_index(session: Any, table: str) -> bool:
    try:
        found = session.client("dynamodb").describe_table(TableName=table)["Table"]
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return bool(found.get("LocalSecondaryIndexes"))


def command(arguments: list[str]) -> int:
    """Provision the stage that `arguments` name, on AWS or on what AWS_ENDPOINT_URL names."""
    parser = argparse.ArgumentParser(prog="python -m ops provision", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--profile")
    options = parser.parse_args(arguments)
    stage = load_stage(options.stage)
    session = open_session(options.profile)
    target = locate(session)
    require_usable(stage, environment_of(stage, target))
    outcome = provision(stage, session, target, print)
    print(f"Stack {stage.stack_name}: {outcome}")
    return 0
