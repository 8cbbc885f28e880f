"""Wait until a new policy is in force: AWS may take a minute to apply it everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ClientError

PAUSES_SECONDS = (2, 4, 8, 16, 30, 30)
NOT_YET = (
    "Unable to validate the following destination configurations",  # S3, of a new notification's target
    "execution role does not have permissions to call SendMessage",  # Lambda, of a new dead-letter queue
    "The operation cannot be performed at this time. An update is in progress",  # Lambda
)


def once_permitted(call: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Make a call, and repeat it for a minute and a half while a new policy is not in force yet."""
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
