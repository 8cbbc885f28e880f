"""The alert topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.logs import log

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

CHAT = "chat"
CHAT_LIMIT = 8_000  # characters of a custom notification's description
SUBJECT_LIMIT = 99  # SNS: fewer than 100 characters, on one line
MESSAGE_LIMIT_BYTES = 250_000  # SNS: 256 KiB with attributes


class Topic:
    """An SNS topic by ARN; `form` is `text`, or `chat` for AWS's integrations with Slack and Teams."""

    def __init__(self, sns: SNSClient, arn: str, form: str) -> None:
        self._sns = sns
        self.arn = arn
        self._form = form

    def publish_notification(self, subject: str, message: str) -> bool:
        """Publish, best effort: a failure is logged and returned as False, never raised."""
        line = " ".join(subject.split())[:SUBJECT_LIMIT]
        body = message.encode()[:MESSAGE_LIMIT_BYTES].decode(errors="ignore")
        if self._form == CHAT:
            body = chat_notification(line, body)
        try:
            self._sns.publish(TopicArn=self.arn, Subject=line, Message=body)
        except (ClientError, BotoCoreError) as error:
            log.warning("notification failed", extra={"subject": line, "error": str(error)})
            return False
        log.info("alert", extra={"subject": line})
        return True


def chat_notification(subject: str, message: str) -> str:
    """Return AWS's custom notification, the one form of a message that its chat integrations show."""
    content = {"textType": "client-markdown", "title": subject, "description": message[:CHAT_LIMIT]}
    return json.dumps({"version": "1.0", "source": "custom", "content": content})
