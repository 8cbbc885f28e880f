"""What subscribers of the alert topic get, as text and for chat."""

from __future__ import annotations

import json

import boto3
import pytest

from chalicelib.aws.topic import Topic
from tests.support.emulation import LOCAL_ENVIRONMENT

TOPIC = LOCAL_ENVIRONMENT["SNS_TOPIC_ARN"]


@pytest.mark.parametrize("form", ["text", "chat"])
def test_an_alert_comes_in_the_form_that_was_asked_for(aws: None, form: str) -> None:
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
    assert Topic(sns, TOPIC, form).publish_notification("File quarantined", "Original: a\nwhy")
    told = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert told["Subject"] == "File quarantined"
    if form == "text":
        assert told["Message"] == "Original: a\nwhy"
        return
    assert json.loads(told["Message"]) == {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": "File quarantined",
            "description": "Original: a\nwhy",
        },
    }
