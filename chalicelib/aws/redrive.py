"""Messages on their way out of a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.aws.queue_depth import LOOK_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
HIDDEN_SECONDS = 60  # from other redrives, while one is carried out


class DeadLetter(NamedTuple):
    """A message as it lies in a dead-letter queue."""

    body: str
    receipt: str


class DeadLetterQueue:
    """A dead-letter queue by name."""

    def __init__(self, sqs: SQSClient, name: str) -> None:
        self._sqs = sqs
        self.name = name
        self._url = ""

    def receive(self) -> list[DeadLetter]:
        """Take up to ten messages; they come back unless they are deleted within a minute."""
        found = self._sqs.receive_message(
            QueueUrl=self._address(),
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=LOOK_SECONDS,
        )
        return [DeadLetter(one["Body"], one["ReceiptHandle"]) for one in found.get("Messages", ())]

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message that was received."""
        self._sqs.delete_message(QueueUrl=self._address(), ReceiptHandle=letter.receipt)

    def _address(self) -> str:
        if not self._url:
            self._url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        return self._url


class MessageTarget:
    """A queue by name that messages are sent to."""

    def __init__(self, sqs: SQSClient, name: str) -> None:
        self._sqs = sqs
        self.name = name
        self._url = ""

    def send(self, body: str) -> None:
        """Send one message."""
        if not self._url:
            self._url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)
