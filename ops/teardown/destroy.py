"""`python -m ops destroy --stage <stage>`: remove a stage from its account, check that nothing is left."""

from __future__ import annotations

import argparse
import time
from typing import Any

from ops.aws_session import locate, open_session
from ops.deploy import chalice_record
from ops.deploy.notifications import TO_FUNCTIONS, withdraw
from ops.deploy.stack import Say
from ops.errors import OperationError
from ops.stages import Stage, load_stage
from ops.teardown.inventory import find
from ops.teardown.removal import holding_data, remove_data, remove_functions, remove_stack

LISTED_SECONDS = 120  # S3 and SQS may list for minutes what is gone
POLL_SECONDS = 5.0


def destroy(stage: Stage, session: Any, say: Say, *, delete_data: bool) -> int:
    """Delete the stage's functions, and its resources unless some hold data and `delete_data` is false.

    Return the exit status: 0 when all is gone, 3 when data was kept.
    """
    prefix = stage.stack_name
    _require_this_region(session, prefix)
    for bucket in stage.given_buckets.values():
        withdraw(session.client("s3"), bucket, prefix, TO_FUNCTIONS)
    remove_functions(session, prefix, say)
    chalice_record.forget(stage)
    kept = [] if delete_data else holding_data(session, prefix)
    if kept:
        say("Kept with their stack, because they hold data:")
        for each in kept:
            say(f"  {each}")
        say(f"To delete them too: make destroy STAGE={stage.name} DELETE_DATA=yes")
        return 3
    if delete_data:
        remove_data(session, prefix, say)
    for bucket in stage.given_buckets.values():
        withdraw(session.client("s3"), bucket, prefix)
        say(f"Bucket {bucket}, which is your own, stays and tells this stage of nothing any more")
    remove_stack(session, prefix, say)
    await_nothing_left(session, prefix, say)
    say(f"Nothing named {prefix} or {prefix}-... is left in the account")
    return 0


def _require_this_region(session: Any, prefix: str) -> None:
    """Refuse when the stage is in another region: every region shows its roles and buckets."""
    s3 = session.client("s3")
    for bucket in find(session, prefix, "bucket"):
        headers = s3.head_bucket(Bucket=bucket.identifier)["ResponseMetadata"]["HTTPHeaders"]
        region = headers.get("x-amz-bucket-region", session.region_name)
        if region != session.region_name:
            raise OperationError(
                f"{bucket} is in {region}, and this is {session.region_name}, so nothing was deleted: "
                f"export AWS_DEFAULT_REGION={region} if that is the stage you mean"
            )
    if find(session, prefix, "role") and not find(session, prefix, "bucket", "function", "stack"):
        raise OperationError(
            f"there is nothing of {prefix} in {session.region_name} but its roles, which every region "
            "shares, so nothing was deleted: choose its region by AWS_DEFAULT_REGION, or, if it is gone "
            "everywhere, delete them by hand"
        )


def await_nothing_left(session: Any, prefix: str, say: Say) -> None:
    """Look until nothing of the stage is listed any more; raise OperationError when something stays."""
    deadline = time.monotonic() + LISTED_SECONDS
    left = find(session, prefix)
    if left:
        say("Waiting until AWS no longer lists what was deleted")
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = find(session, prefix)
    if left:
        names = "\n".join(f"  {each}" for each in left)
        raise OperationError(
            f"these are still there:\n{names}\nRun the same command again, or delete them by hand"
        )


def _confirm(stage: Stage, account: str, region: str, delete_data: bool) -> None:
    what = "and ALL ITS DATA" if delete_data else "(data stays)"
    print(f"This deletes stage {stage.name} {what} from account {account}, {region}.")
    try:
        typed = input(f"Type {stage.stack_name} to go on: ")
    except EOFError:
        typed = ""
    if typed.strip() != stage.stack_name:
        raise OperationError("not confirmed, so nothing was deleted")


def command(arguments: list[str]) -> int:
    """Destroy the stage that `arguments` name, after a typed confirmation."""
    parser = argparse.ArgumentParser(prog="python -m ops destroy", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--profile")
    parser.add_argument("--delete-data", action="store_true", help="empty and delete buckets and tables too")
    options = parser.parse_args(arguments)
    stage = load_stage(options.stage)
    session = open_session(options.profile)
    target = locate(session)
    _confirm(stage, target.account, target.region, options.delete_data)
    return destroy(stage, session, print, delete_data=options.delete_data)
