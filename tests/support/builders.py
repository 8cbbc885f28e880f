"""Builders of events, configs and uploads as AWS and users make them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

LANDING = "sluice-local-landing"
NDJSON = "sluice-local-ndjson"
CONFIG_KEY = "config/config.json"


def job(**changes: Any) -> dict[str, Any]:
    """Build an active job of a config, with `changes`."""
    return {
        "job_id": "JOB001",
        "job_name": "customers_etl",
        "source_file_name": "customers.csv",
        "target_table": "customers",
        "upsert_keys": ["customer_id"],
        "is_active": True,
    } | changes


SEED_JOBS = [
    job(),
    job(
        job_id="JOB002",
        job_name="orders_etl",
        source_file_name="orders.csv",
        target_table="orders",
        upsert_keys=["order_id", "customer_id"],
    ),
    job(
        job_id="JOB003",
        job_name="products_etl",
        source_file_name="products.csv",
        target_table="products",
        upsert_keys=["product_id"],
        is_active=False,
    ),
]


def s3_record(key: str, *, bucket: str = LANDING, etag: str = "", size: int = 1, **changes: Any) -> Any:
    """Build one record of a native S3 notification; `key` is encoded as S3 does."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-21T01:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": size,
                "eTag": etag,
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    } | changes


def s3_event(*keys: str, **record: Any) -> dict[str, Any]:
    """Build a native S3 notification of `keys`."""
    return {"Records": [s3_record(key, **record) for key in keys]}


def sqs_event(*bodies: Any) -> dict[str, Any]:
    """Build an SQS Lambda event; a body that is not a text is sent as JSON."""
    records = [
        {
            "messageId": f"message-{index}",
            "receiptHandle": f"receipt-{index}",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
            "awsRegion": "us-east-1",
        }
        for index, body in enumerate(bodies)
    ]
    return {"Records": records}


def eventbridge_event(key: str, *, bucket: str = LANDING, etag: str = "", size: int = 1) -> dict[str, Any]:
    """Build EventBridge's "Object Created"; its keys are not encoded."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-21T01:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": size, "etag": etag, "sequencer": "00617F08299329D189"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "reason": "PutObject",
        },
    }


def sns_envelope(message: Any) -> dict[str, Any]:
    """Build what SNS puts into a queue that is subscribed without raw delivery."""
    return {
        "Type": "Notification",
        "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:s3-events",
        "Subject": "Amazon S3 Notification",
        "Message": json.dumps(message),
        "Timestamp": "2026-11-21T01:00:00.000Z",
    }
