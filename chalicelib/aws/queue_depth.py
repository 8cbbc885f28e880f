"""How much waits in a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LOOKED_AT = 10  # SQS gives no more at once
LOOK_SECONDS = 1  # makes SQS ask all its servers; else it asks some, and a short queue may seem empty (AWS)
NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


class QueueDepth:
    """The depth of a queue by name, as SQS estimates it."""

    def __init__(self, sqs: SQSClient, name: str) -> None:
        self._sqs = sqs
        self.name = name

    def read(self) -> dict[str, int] | None:
        """Return how many messages are waiting, in work and delayed; None when there is no such queue."""
        if not self.name:
            return None
        try:
            url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        except ClientError as error:
            if code_of(error) in NO_QUEUE:
                return None
            raise
        found = self._sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]
        return {
            "waiting": int(found["ApproximateNumberOfMessages"]),
            "in_work": int(found["ApproximateNumberOfMessagesNotVisible"]),
            "delayed": int(found["ApproximateNumberOfMessagesDelayed"]),
        }

    def look(self) -> list[str]:
        """Return the bodies of up to ten messages, and leave them where they are for anybody to take."""
        found = self._sqs.receive_message(
            QueueUrl=self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"],
            MaxNumberOfMessages=LOOKED_AT,
            VisibilityTimeout=0,
            WaitTimeSeconds=LOOK_SECONDS,
        )
        return [one["Body"] for one in found.get("Messages", ())]
