"""Conditional writes to S3: create once, or replace one version."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError

from chalicelib.aws.failures import is_conflict, is_precondition_failed

WRITE_ATTEMPTS = 3


def write_if_condition_holds(write: Callable[[], None]) -> bool:
    """Call `write` and tell whether its condition held (no 412).

    After a conflict with a concurrent write (409) `write` is called again; it must begin anew each time.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            write()
        except ClientError as error:
            if is_precondition_failed(error):
                return False
            if is_conflict(error) and attempts < WRITE_ATTEMPTS:
                continue
            raise
        return True
