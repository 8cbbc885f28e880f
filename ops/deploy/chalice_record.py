"""Chalice's record of what it deployed of a stage, `.chalice/deployed/<stage>.json`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from chalice.awsclient import ResourceDoesNotExistError, TypedAWSClient

from ops.deploy.patching import wrap
from ops.deploy.stack import Say
from ops.stages import ROOT, Stage, Target
from ops.teardown.inventory import is_gone

PLACE = re.compile(r'"arn:[^:"]+:lambda:([^:"]+):(\d{12}):')

DELETIONS = (
    "delete_function",
    "delete_role",
    "delete_rule",
    "delete_rest_api",
    "remove_lambda_event_source",
    "disconnect_s3_bucket_from_lambda",
    "remove_permission_for_s3_event",
)


def forget(stage: Stage) -> None:
    """Drop the record of a stage that is gone: Chalice's next deploy would look for what it names."""
    _path(stage).unlink(missing_ok=True)


def forget_before_deploy(stage: Stage, target: Target, say: Say) -> None:
    """Drop the record, and say so when it is of another account or region.

    Somebody else's deploy may have made, renamed or removed what it names, and Chalice would fail on that or
    take away what is another's. A deploy adopts what it finds under the stage's names, and removes afterwards
    what the app no longer declares, so that the account itself is the record.
    """
    path = _path(stage)
    places = set(PLACE.findall(path.read_text())) if path.exists() else set()
    for region, account in sorted(places - {(target.region, target.account)}):
        say(f"Forgetting that stage {stage.name} was deployed to account {account}, {region}; it stays there")
    path.unlink(missing_ok=True)


def tolerate_gone() -> None:
    """Let `chalice delete` take what somebody else deleted already for gone."""
    for name in DELETIONS:
        wrap(TypedAWSClient, name, _unless_gone)


def _unless_gone(delete: Callable[..., None]) -> Callable[..., None]:
    def delete_or_pass(*arguments: Any, **named: Any) -> None:
        try:
            delete(*arguments, **named)
        except (ResourceDoesNotExistError, ClientError) as error:
            if isinstance(error, ClientError) and not is_gone(error):
                raise

    return delete_or_pass


def _path(stage: Stage) -> Path:
    return Path(ROOT, ".chalice", "deployed", f"{stage.name}.json")
