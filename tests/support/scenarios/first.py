"""What happens first in a new installation: its tokens are read, its first file is moved."""

from __future__ import annotations

import os
from unittest.mock import patch

import boto3

from tests.support.api import Api
from tests.support.scenarios.landing import the_last_good_config_serves
from tests.support.scenarios.ndjson import BIG, forget_wiring, repair
from tests.support.world import World


def a_first_move_copies_what_no_xml_names(world: World) -> None:
    """No secret signs copies yet, and the file's name cannot stand in an answer of S3."""
    forget_secret()
    world.land("data/in/odd\x01.csv", b"x" * BIG)


def a_first_repair_copies_what_no_xml_names(world: World) -> None:
    """An upload of such a name was lost too; the job config changes, and breaks, between the repairs."""
    forget_secret()
    world.upload("data/in/odder\x01.csv", b"x" * BIG)
    repair()

    def repair_another() -> None:
        world.upload(f"data/in/{len(world.keys())}.csv")
        repair()

    the_last_good_config_serves(world, repair_another)


def forget_secret() -> None:
    """Have no secret sign copies yet."""
    key = {"date_prefix": {"S": "MOVES#secret"}, "file_name": {"S": "SECRET"}}
    boto3.client("dynamodb").delete_item(TableName="sluice-local-tracking", Key=key)
    forget_wiring()


def secrets_are_read(_world: World) -> None:
    """The tokens are read from secrets, as in AWS stages."""
    with patch.dict(os.environ, {"API_TOKENS_SECRET": "sluice-local-api-token"}):
        forget_wiring()
        for role in ("reader", "operator"):
            boto3.client("secretsmanager").create_secret(
                Name=f"sluice-local-api-token-{role}", SecretString=f"secret-{role}"
            )
        Api("secret-reader").get("/summary")
    forget_wiring()
