"""Empty the emulated AWS between examples, which is quicker than to create the stack again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.glue.models import glue_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from chalicelib.aws.copying import IDENTITY_METADATA
from chalicelib.aws.tracking_keys import MOVES

ACCOUNT = "123456789012"
REGION = "us-east-1"


def forget_everything() -> None:
    """Drop every object, item, message, execution and run; resources and the secret of moves stay."""
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        bucket.keys.clear()
        bucket.multiparts.clear()
    for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
        kept = {name: rows for name, rows in table.items.items() if name.value == MOVES}
        table.items.clear()
        table.items.update(kept)
    for queue in sqs_backends[ACCOUNT][REGION].queues.values():
        queue._messages.clear()
    for machine in stepfunctions_backends[ACCOUNT][REGION].state_machines:
        machine.executions.clear()
    for job in glue_backends[ACCOUNT][REGION].jobs.values():
        job.job_runs.clear()


def stored(bucket: str, key: str) -> Any:
    """Return moto's own record of an object, or None."""
    return s3_backends[ACCOUNT]["aws"].get_object(bucket, key)


def identity_of(bucket: str, key: str) -> str:
    """Return the identity that Sluice's copy at `key` carries, empty for any other object."""
    there = stored(bucket, key)
    return str(there.metadata.get(f"x-amz-meta-{IDENTITY_METADATA}", "")) if there else ""


def date_object(bucket: str, key: str, moment: datetime) -> None:
    """Set when an object was written: the emulator knows only the machine's clock."""
    stored(bucket, key).last_modified = moment.replace(tzinfo=None)
