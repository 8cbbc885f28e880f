"""Ask again while AWS says "not yet": a new policy may take a minute, another change must end first."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

PAUSES_SECONDS = (2, 4, 8, 16, 30, 30)
NOT_YET = (
    "Unable to validate the following destination configurations",  # S3, of a new notification's target
    "execution role does not have permissions to call SendMessage",  # Lambda, of a new dead-letter queue
    "The operation cannot be performed at this time. An update is in progress",  # Lambda
    "ResourceInUseException",  # Lambda, of a mapping that is being created, updated or deleted
)


def once_permitted(call: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Make a call, and repeat it for a minute and a half while it is only too early."""
    for pause in PAUSES_SECONDS:
        try:
            call()
        except ClientError as error:
            if not any(each in str(error) for each in NOT_YET):
                raise
            sleep(pause)
        else:
            return
    call()
