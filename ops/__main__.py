"""`python -m ops <command>`: the commands behind the Makefile."""

from __future__ import annotations

import sys
from importlib import import_module

from ops.errors import OperationError

COMMANDS = {
    "provision": ("ops.deploy.provision", "create or update a stage's buckets, tables, queues, topic"),
    "policies": ("ops.policies", "write the IAM policy of every function of a stage"),
    "config": ("ops.config", "check a job config before it is uploaded: config lint FILE [KEY ...]"),
    "package": ("ops.checks.package", "build the Lambda package and check what is in it"),
    "audit": ("ops.checks.audit", "look every locked package up in an advisory database"),
    "smoke": ("ops.smoke", "put one file into a deployed stage and wait for its outcome"),
    "backfill": ("ops.backfill", "have files routed that were there before Sluice"),
    "destroy": ("ops.teardown.destroy", "take a stage out of its account"),
    "run": ("ops.local.run", "start Sluice on the embedded AWS, until Ctrl-C"),
    "logs": ("ops.local.follow", "follow the logs of the functions of the running Sluice"),
    "clean-state": ("ops.local.clean_state", "forget what the local Sluice holds"),
    "deploy-local": ("ops.local.deploy_local", "put edited code into the running Sluice"),
}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; return the exit status."""
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        print("usage: python -m ops <command> [options]\n", file=sys.stderr)
        for each, (_, purpose) in COMMANDS.items():
            print(f"  {each:14}{purpose}", file=sys.stderr)
        return 2
    try:
        return int(import_module(COMMANDS[name][0]).command(arguments[1:]))
    except OperationError as error:
        print(f"sluice: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise
        print(
            f"sluice: {error.filename} cannot be used ({error.strerror}). Make it writable, or work in a "
            "checkout on a disk that has room and lets you write",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
