"""Conditional writes beside others: a conflict (409) is tried again, and an answer after three."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.document_store import DocumentStore
from tests.faults.dying import Call, Process, Send, running
from tests.support.builders import LANDING


def conflicts(s3: Any, count: int) -> AbstractContextManager[object]:
    """Answer the first `count` puts with 409, after taking in what they carry, as S3 does."""

    def conflict(call: Call, send: Send) -> Any:
        if call.number > count:
            return send()
        if isinstance(call.parameters["Body"], BytesIO):
            call.parameters["Body"].read()
        answer: Any = {"Error": {"Code": "ConditionalRequestConflict", "Message": "injected"}}
        raise ClientError(answer, call.operation)

    return running(Process(conflict, [s3]))


def test_given_conflicts_when_an_object_is_put_once_then_it_is_there_or_the_third_is_raised(
    s3: Any,
) -> None:
    bucket = Bucket(s3, LANDING)
    with conflicts(s3, 2):
        assert bucket.put_once("two", b"body")
    with conflicts(s3, 3), pytest.raises(ClientError, match="ConditionalRequestConflict"):
        bucket.put_once("three", b"body")
    assert not bucket.put_once("two", b"other")
    assert s3.get_object(Bucket=LANDING, Key="two")["Body"].read() == b"body"
    assert bucket.head("three") is None


def test_given_conflicts_when_a_document_is_replaced_then_all_of_it_is_there_or_someone_was_faster(
    s3: Any,
) -> None:
    store = DocumentStore(s3, LANDING)
    with conflicts(s3, 2):
        assert store.replace("document", BytesIO(b"whole"), "")
    etag = s3.head_object(Bucket=LANDING, Key="document")["ETag"].strip('"')
    with conflicts(s3, 3):
        assert not store.replace("document", BytesIO(b"other"), etag)
    assert s3.get_object(Bucket=LANDING, Key="document")["Body"].read() == b"whole"
    assert store.replace("document", BytesIO(b"other"), etag)
    assert not store.replace("document", BytesIO(b"late"), etag)
    assert s3.get_object(Bucket=LANDING, Key="document")["Body"].read() == b"other"
