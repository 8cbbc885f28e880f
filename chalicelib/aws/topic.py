"""The alert topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.logs import log

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_LIMIT = 99  # SNS: fewer than 100 characters, on one line
MESSAGE_LIMIT_BYTES = 250_000  # SNS: 256 KiB with attributes


class Topic:
    """An SNS topic by ARN."""

    def __init__(self, sns: SNSClient, arn: str) -> None:
        self._sns = sns
        self.arn = arn

    def publish_notification(self, subject: str, message: str) -> bool:
        """Publish, best effort: a failure is logged and returned as False, never raised."""
        line = " ".join(subject.split())[:SUBJECT_LIMIT]
        body = message.encode()[:MESSAGE_LIMIT_BYTES].decode(errors="ignore")
        try:
            self._sns.publish(TopicArn=self.arn, Subject=line, Message=body)
        except (ClientError, BotoCoreError) as error:
            log.warning("notification failed", extra={"subject": line, "error": str(error)})
            return False
        log.info("alert", extra={"subject": line})
        return True
