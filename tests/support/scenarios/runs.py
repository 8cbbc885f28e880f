"""What can become of started executions, for the scenarios of the handler that is told of their ends."""

from __future__ import annotations

import os
from contextlib import suppress
from unittest.mock import patch

from botocore.exceptions import ClientError

from tests.support.aws_calls import failing
from tests.support.builders import job
from tests.support.lanes import runs
from tests.support.scenarios.first import forget_secret
from tests.support.scenarios.ndjson import BIG, forget_wiring
from tests.support.world import World


def executions_end(world: World) -> None:
    """Executions succeed, and their files are archived; one is tried again, by the last good config."""
    world.configure([job(source_file_name="*.csv", max_retries=1)])
    with patch.dict(os.environ, {"ARCHIVE_PREFIX": "archive/"}):
        forget_wiring()
        ended = [runs.end(_started(world, name)) for name in ("small", "big", "odd\x01")]
        failed = [runs.end(_started(world, name), "FAILED", "Error", "cause") for name in ("one", "two")]
        forget_secret()
        world.s3.delete_object(Bucket="sluice-local-artifacts", Key="state/job-config.json")
        forget_wiring()
        with failing("UploadPartCopy", "Refused"), suppress(ClientError):
            runs.deliver(ended[1])
        for event in [*ended, failed[0], failed[0]]:
            runs.deliver(event)
        world.configure([job(source_file_name="*.csv", max_retries=2)])
        forget_wiring()
        runs.deliver(runs.end(f"{failed[0]['detail']['name']}-r1", "FAILED", "Error", "cause"))
        world.configure(b"{")
        forget_wiring()
        runs.deliver(failed[1])
    forget_wiring()


def _started(world: World, name: str) -> str:
    body, tags = (b"a", {}) if name == "small" else (b"x" * BIG, {"Tagging": "a=b"})
    return str(world.land(f"data/in/{name}.csv", body, **tags)["execution"])
