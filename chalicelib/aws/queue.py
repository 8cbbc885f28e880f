"""The queue that discovered files are announced on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.logs import log

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchResultTypeDef

BATCH_LIMIT = 10  # SQS: entries of one SendMessageBatch
SEND_ATTEMPTS = 3
BACKOFF_SECONDS = 0.1  # doubled after every attempt


class Queue:
    """An SQS queue by URL."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self.url = url

    def send_batch(self, bodies: Sequence[str]) -> list[bool]:
        """Send up to ten messages in one request; return for each whether the queue accepted it.

        Entries fail one by one: those that may succeed later are sent again, up to three times in all.
        A request that fails as a whole (after botocore's own retries) rejects what it carried.
        """
        waiting = set(range(len(bodies)))
        accepted = [False] * len(bodies)
        for attempt in range(1, SEND_ATTEMPTS + 1):
            entries = [{"Id": str(index), "MessageBody": bodies[index]} for index in sorted(waiting)]
            try:
                response = self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
            except AWS_ERRORS as error:
                _warn("queue request failed", str(error), len(waiting))
                break
            for success in response.get("Successful", ()):
                accepted[int(success["Id"])] = True
            waiting = _worth_repeating(response)
            if not waiting or attempt == SEND_ATTEMPTS:
                break
            time.sleep(BACKOFF_SECONDS * 2**attempt)
        return accepted


def _worth_repeating(response: SendMessageBatchResultTypeDef) -> set[int]:
    failed = response.get("Failed", ())
    for entry in failed:
        _warn("queue rejected a message", f"{entry.get('Code', '')}: {entry.get('Message', '')}", 1)
    return {int(entry["Id"]) for entry in failed if not entry.get("SenderFault")}


def _warn(what: str, reason: str, count: int) -> None:
    log.warning(what, extra={"reason": reason, "messages": count})
