"""What can happen to the landing lane; together these make every AWS call of its handlers and its repair."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

import app
from chalicelib.errors import ConfigError
from tests.support.aws_calls import failing, recorded
from tests.support.builders import CONFIG_KEY, LANDING, SEED_JOBS, job, s3_event
from tests.support.scenarios.ndjson import BIG, forget_wiring, repair
from tests.support.world import World


def files_start_jobs(world: World) -> None:
    """A file starts its job; its event repeats, and again after the execution ended; an empty file too."""
    world.land("data/in/customers.csv")
    world.deliver("data/in/customers.csv")
    world.stop_executions()
    world.forget_rows()
    world.deliver("data/in/customers.csv")
    world.land("data/in/orders.csv", b"")
    world.land("elsewhere/orders.csv")
    world.configure([job(source_file_name="expected.csv", expected={"every_hours": 24})])
    world.land("data/in/expected.csv")
    world.configure()


def files_are_parked(world: World) -> None:
    """Files without a job arrive: small, tagged, big, under a taken name; and one of an inactive job."""
    world.land("data/in/products.csv")
    world.land("data/in/small.csv")
    world.land("data/in/tagged.csv", b"x" * BIG, Tagging="a=b")
    world.land("data/in/tagged.csv", b"x" * 10, Tagging="a=b")
    with suppress(Exception), failing("CompleteMultipartUpload", "AccessDenied"):
        world.land("data/in/broken.csv", b"y" * BIG)


def headers_are_checked(world: World) -> None:
    """A file has another header than its job's, and one is not read yet."""
    world.configure([job(columns=["id", "name"])])
    with patch.dict(os.environ, {"PREVIEW_CHARS": "0"}):
        forget_wiring()
        for body in (b"id,town\n", b"id,name\n"):
            world.land("data/in/customers.csv", body)
    forget_wiring()
    world.configure()


def a_newer_upload_gets_in_between(world: World) -> None:
    """While a file is parked, a newer one takes its key: the copy is discarded."""
    key = "data/in/racing.csv"
    etag = world.upload(key)
    with newer_upload_before_delete(world, key):
        world.deliver(key, etag)


def newer_upload_before_delete(world: World, key: str) -> Any:
    """Upload a key anew right before it is deleted."""

    def upload(_parameters: dict[str, Any]) -> None:
        world.upload(key, b"newer")

    return recorded(before={"DeleteObject": upload})


def objects_vanish(world: World) -> None:
    """Events of an object that is gone, and of one that was moved."""
    world.deliver("data/in/never.csv", "0" * 32)
    etag = world.upload("data/in/moved.csv")
    world.deliver("data/in/moved.csv", etag)
    world.deliver("data/in/moved.csv", etag)


def the_last_good_config_serves(world: World, read_config: Callable[[], object]) -> None:
    """A usable config is copied by whoever reads it; once it is broken, the copy is read."""
    world.forget_last_good_config()
    for config in (SEED_JOBS, [job()], b"{"):
        world.configure(config)
        app.landing.cache_clear()
        app.discovered.cache_clear()
        read_config()
    world.configure()


def the_config_breaks(world: World) -> None:
    """A broken config is alerted; files are routed by the last good one, or fail where there is none."""
    the_last_good_config_serves(
        world, lambda: world.land("data/in/customers.csv", b"by the last good config")
    )
    world.forget_last_good_config()
    world.configure(b"{")
    world.upload("data/in/waiting.csv")
    for _ in range(2):
        with suppress(ConfigError):
            world.deliver("data/in/waiting.csv")
    app.object_created(s3_event(CONFIG_KEY), None)
    world.s3.delete_object(Bucket=LANDING, Key=CONFIG_KEY)
    with suppress(ConfigError):
        world.deliver("data/in/waiting.csv")
    world.configure()


def an_object_cannot_be_read(world: World) -> None:
    """S3 refuses to give out an object, as when its encryption key is another account's."""
    etag = world.upload("data/in/customers.csv")
    with failing("GetObject", "AccessDenied", 403, "data/in/customers.csv"), suppress(ClientError):
        world.deliver("data/in/customers.csv", etag)


def the_landing_lane_is_repaired(world: World) -> None:
    """Reconcile finds uploads that no event brought to their outcome."""
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv"):
        world.upload(key)
    world.upload("data/in/big.csv", b"x" * BIG, Tagging="a=b")
    repair()
    world.stop_executions()
    world.forget_rows()
    repair()
    the_config_breaks(world)
    repair()
    with newer_upload_before_delete(world, "data/in/late.csv"):
        world.upload("data/in/late.csv")
        repair()


def repairs_fail_too(world: World) -> None:
    """AWS refuses a repair; it is recorded and repeated."""
    world.upload("data/in/customers.csv")
    world.upload("data/in/broken.csv", b"y" * BIG)
    with failing("StartExecution", "ThrottlingException"), failing("CompleteMultipartUpload", "Refused"):
        repair()
    repair()
