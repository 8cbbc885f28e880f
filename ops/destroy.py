"""`python -m ops destroy --stage <stage>`: take a stage out of its account, prove that nothing is left."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ops.aws import locate, open_session
from ops.errors import OperationError
from ops.leftovers import find
from ops.removal import Say, holding_data, remove_data, remove_functions, remove_stack
from ops.stages import ROOT, Stage, load_stage


def destroy(stage: Stage, session: Any, say: Say, *, delete_data: bool) -> int:
    """Delete the stage; its resources stay while they hold data, unless that is to go too.

    Functions go in any case. Return the exit status: 0 when all is gone, 3 when data was kept.
    """
    prefix = stage.stack_name
    remove_functions(session, prefix, say)
    _forget_deployment(stage)
    kept = [] if delete_data else holding_data(session, prefix)
    if kept:
        say("Kept with their stack, because they hold data:")
        for each in kept:
            say(f"  {each}")
        say(f"To delete them too: make destroy STAGE={stage.name} DELETE_DATA=yes")
        return 3
    if delete_data:
        remove_data(session, prefix, say)
    remove_stack(session, prefix, say)
    _require_nothing(session, prefix)
    say(f"Nothing named {prefix} or {prefix}-... is left in the account")
    return 0


def _forget_deployment(stage: Stage) -> None:
    """Drop Chalice's record of what it deployed, which would send its next deploy after what is gone."""
    Path(ROOT, ".chalice", "deployed", f"{stage.name}.json").unlink(missing_ok=True)


def _require_nothing(session: Any, prefix: str) -> None:
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
