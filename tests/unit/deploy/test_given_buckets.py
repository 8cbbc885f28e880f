"""Buckets of one's own: not made, told of beside others, let go with the stage, and never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import yaml
from moto import mock_aws

from ops.deploy import chalice_record
from ops.deploy.given_buckets import leave_former, require_ready
from ops.deploy.provision import provision, wanted_stack
from ops.errors import OperationError
from ops.stages import Stage, Target, environment_of, require_usable
from ops.teardown import destroy as destroying

AWS = Target("123456789012", "us-east-1")
GIVEN = {"LANDING_BUCKET": "acme-in", "NDJSON_BUCKET": "acme-lines"}
STAGE = Stage("dev", {"STAGE": "dev", **GIVEN}, {})
QUEUE = "arn:aws:sqs:us-east-1:123456789012:sluice-dev-ndjson"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:sluice-dev-object_created"
READ_YAML = yaml.load
OTHERS = FUNCTION.replace("sluice-", "etl-")
THEIRS = {
    "Id": "theirs",
    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:acme-removed",
    "Events": ["s3:ObjectRemoved:*"],
}


def _load(text: str, **options: Any) -> Any:
    """Read what is sent, which is JSON, as such: moto's YAML parser takes seconds."""
    return json.loads(text) if text.startswith("{") else READ_YAML(text, **options)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a session of an account that has the two buckets, one with a notification of somebody else's."""
    monkeypatch.setattr(chalice_record, "forget", lambda _: None)  # this checkout's own record stays
    with mock_aws(), patch.object(yaml, "load", _load):
        opened = boto3.Session(region_name="us-east-1")
        for bucket in GIVEN.values():
            opened.client("s3").create_bucket(Bucket=bucket)
        opened.client("sqs").create_queue(QueueName="acme-removed")
        _notify(opened, "acme-lines", QueueConfigurations=[THEIRS])
        yield opened


def _notify(session: Any, bucket: str, **configuration: Any) -> None:
    session.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration
    )


def _destinations(session: Any, bucket: str) -> list[str]:
    found = session.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    kinds = ("LambdaFunctionConfigurations", "QueueConfigurations")
    entries = [each for kind in kinds for each in found.get(kind, [])]
    return [each.get("LambdaFunctionArn") or each["QueueArn"] for each in entries]


@pytest.mark.filterwarnings("ignore:Tried to parse")  # what moto's CloudFormation does not make
def test_a_stage_with_its_own_buckets_makes_none_and_leaves_them_when_it_goes(session: Any) -> None:
    provision(STAGE, session, AWS, lambda _: None)
    s3 = session.client("s3")
    made = {each["Name"] for each in s3.list_buckets()["Buckets"]} - {*GIVEN.values()}
    assert made == {f"sluice-dev-{each}-123456789012" for each in ("artifacts", "quarantine")}
    assert _destinations(session, "acme-lines") == [THEIRS["QueueArn"], QUEUE]
    _notify(session, "acme-in", LambdaFunctionConfigurations=[_to(FUNCTION)])
    s3.put_object(Bucket="acme-in", Key="kept.csv", Body=b"1")
    told = list[str]()
    assert destroying.destroy(STAGE, session, told.append, delete_data=True) == 0
    assert any("acme-in" in each and "your own" in each for each in told)
    assert _destinations(session, "acme-in") == []
    assert _destinations(session, "acme-lines") == [THEIRS["QueueArn"]]
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["acme-in", "acme-lines"]
    assert s3.get_object(Bucket="acme-in", Key="kept.csv")["ContentLength"] == 1


def _to(function: str, event: str = "s3:ObjectCreated:*") -> dict[str, Any]:
    return {"LambdaFunctionArn": function, "Events": [event]}


def test_the_stack_is_told_which_buckets_are_given_and_stage_local_has_none() -> None:
    for stage, told in (
        (STAGE, ("acme-in", "acme-lines")),
        (Stage("local", STAGE.environment, {}), ("", "")),
    ):
        parameters = wanted_stack(stage, AWS).parameters
        assert (parameters["GivenLandingBucket"], parameters["GivenNdjsonBucket"]) == told


def test_a_bucket_that_could_not_be_watched_is_refused_before_anything_is_made(session: Any) -> None:
    s3, elsewhere = session.client("s3"), {"LocationConstraint": "eu-west-1"}
    _notify(session, "acme-lines", LambdaFunctionConfigurations=[_to(OTHERS)])
    s3.create_bucket(Bucket="acme-far", CreateBucketConfiguration=elsewhere)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-7"}}
    s3.put_bucket_encryption(Bucket="acme-in", ServerSideEncryptionConfiguration={"Rules": [rule]})
    faults = {
        "acme-gone": "is it there",
        "acme-far": "it is in eu-west-1 and the stage in us-east-1",
        "acme-in": "encrypts by the key key-7",
        "acme-lines": "it tells arn:aws:lambda:us-east-1:123456789012:function:etl-dev-object_created",
    }
    for bucket, fault in faults.items():
        stage = Stage("dev", {"STAGE": "dev", "LANDING_BUCKET": bucket}, {})
        with pytest.raises(OperationError, match=f"LANDING_BUCKET={bucket}: .*{fault}"):
            provision(stage, session, AWS, lambda _: None)
    assert session.client("cloudformation").list_stacks()["StackSummaries"] == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"LANDING_BUCKET": "sluice-dev-mine"}, "LANDING_BUCKET=sluice-dev-mine: names that begin with"),
        ({"LANDING_BUCKET": "acme", "NDJSON_BUCKET": "acme"}, "are one bucket"),
    ],
)
def test_names_that_would_lose_the_bucket_or_its_events_are_refused(
    given: dict[str, str], fault: str
) -> None:
    stage = Stage("dev", {"STAGE": "dev", **given}, {})
    with pytest.raises(OperationError, match=fault):
        require_usable(stage, environment_of(stage, AWS))
    require_usable(STAGE, environment_of(STAGE, AWS))


def test_a_stage_that_watches_another_bucket_now_lets_the_former_one_go(session: Any) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = session.client("iam").create_role(RoleName="sluice-dev-x", AssumeRolePolicyDocument=trust)
    session.client("lambda").create_function(
        FunctionName="sluice-dev-object_created",
        Runtime="python3.12",
        Handler="app.object_created",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": b"zip"},
        Environment={"Variables": {"LANDING_BUCKET": "acme-former", "NDJSON_BUCKET": "acme-lines"}},
    )
    session.client("s3").create_bucket(Bucket="acme-former")
    _notify(
        session,
        "acme-former",
        LambdaFunctionConfigurations=[_to(FUNCTION), _to(OTHERS, "s3:ObjectRemoved:*")],
    )
    _notify(
        session, "acme-lines", QueueConfigurations=[{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]
    )
    for _ in range(2):
        leave_former(STAGE, session, environment_of(STAGE, AWS), lambda _: None)
    assert _destinations(session, "acme-former") == [OTHERS]
    assert _destinations(session, "acme-lines") == [QUEUE]
    session.client("s3").delete_bucket(Bucket="acme-former")
    leave_former(STAGE, session, environment_of(STAGE, AWS), lambda _: None)
    require_ready(STAGE, session, AWS)
