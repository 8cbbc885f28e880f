"""Destroying a stage: in its own region only, whatever its buckets and tables are like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from ops.deploy import chalice_record
from ops.errors import OperationError
from ops.stages import Stage
from ops.teardown import destroy as destroying
from ops.teardown.inventory import Resource, find
from ops.teardown.removal import delete, remove_orphans
from tests.faults.dying import calls_of

BUCKET = "sluice-prod-landing-123456789012"
STAGE = Stage("prod", {"STAGE": "prod"}, {})
TAGS: Any = [{"Key": "sluice-stage", "Value": "prod"}]
HOME: Final = "eu-west-1"
ELSEWHERE = "us-east-1"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a session of the region in which the stage has a bucket and a role."""
    monkeypatch.setattr(chalice_record, "forget", lambda _: None)  # this checkout's own record stays
    with mock_aws():
        session = boto3.Session(region_name=HOME)
        session.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": HOME}
        )
        session.client("s3").put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": TAGS})
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        session.client("iam").create_role(
            RoleName="sluice-prod-reconcile",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        yield session


def _destroy(session: Any, *, delete_data: bool = False) -> int:
    return destroying.destroy(STAGE, session, lambda _: None, delete_data=delete_data)


@pytest.mark.parametrize("delete_data", [False, True])
def test_another_regions_stage_is_not_touched(home: Any, delete_data: bool) -> None:
    home.client("s3").put_object(Bucket=BUCKET, Key="a.csv", Body=b"1")
    before = find(home, "sluice-prod")
    with pytest.raises(OperationError, match=f"is in {HOME}.*nothing was deleted.*AWS_DEFAULT_REGION={HOME}"):
        _destroy(boto3.Session(region_name=ELSEWHERE), delete_data=delete_data)
    assert find(home, "sluice-prod") == before
    assert home.client("s3").get_object(Bucket=BUCKET, Key="a.csv")["ContentLength"] == 1


def test_roles_alone_are_not_taken_for_a_stage_of_this_region(home: Any) -> None:
    home.client("s3").delete_bucket(Bucket=BUCKET)
    with pytest.raises(OperationError, match="nothing of sluice-prod in us-east-1 but its roles"):
        _destroy(boto3.Session(region_name=ELSEWHERE))
    assert [each.name for each in find(home, "sluice-prod", "role")] == ["sluice-prod-reconcile"]


def test_an_empty_protected_table_goes_with_its_stage(home: Any) -> None:
    home.client("dynamodb").create_table(
        TableName="sluice-prod-catalog",
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
        Tags=TAGS,
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
    )
    assert _destroy(home) == 0
    assert find(home, "sluice-prod") == []


def test_what_only_happens_to_be_called_so_is_left_alone(home: Any) -> None:
    elsewhere = {"LocationConstraint": HOME}
    home.client("s3").create_bucket(Bucket="sluice-prod-reports", CreateBucketConfiguration=elsewhere)
    home.client("s3").put_object(Bucket="sluice-prod-reports", Key="a.csv", Body=b"1")
    assert _destroy(home, delete_data=True) == 0
    assert home.client("s3").get_object(Bucket="sluice-prod-reports", Key="a.csv")["ContentLength"] == 1


def test_what_is_gone_but_still_listed_is_waited_for(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = iter([[Resource("queue", "sluice-prod-ndjson", "url")], []])
    monkeypatch.setattr(destroying, "POLL_SECONDS", 0)
    monkeypatch.setattr(destroying, "find", lambda *_: next(lists))
    told: list[str] = []
    destroying.await_nothing_left(home, "sluice-prod", told.append)
    assert told == ["Waiting until AWS no longer lists what was deleted"]


def test_what_is_gone_meanwhile_is_no_error(home: Any) -> None:
    there = find(home, "sluice-prod")
    for kind in ("rule", "function", "role"):
        delete(home, Resource(kind, "sluice-prod-gone", "sluice-prod-gone"))
    assert find(home, "sluice-prod") == there


def test_empty_stores_of_a_stack_that_is_gone_make_way_and_full_ones_are_named(home: Any) -> None:
    home.client("s3").put_object(Bucket=BUCKET, Key="a.csv", Body=b"1")
    with pytest.raises(OperationError, match=f"holds data: bucket {BUCKET}"):
        remove_orphans(home, "sluice-prod", lambda _: None)
    home.client("s3").delete_object(Bucket=BUCKET, Key="a.csv")
    remove_orphans(home, "sluice-prod", lambda _: None)
    assert find(home, "sluice-prod", "bucket") == []


def test_old_versions_are_data_too(home: Any) -> None:
    s3 = home.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="a.csv", Body=b"1")
    s3.delete_object(Bucket=BUCKET, Key="a.csv")
    assert _destroy(home) == 3
    assert [each.name for each in find(home, "sluice-prod", "bucket")] == [BUCKET]
    assert _destroy(home, delete_data=True) == 0
    assert find(home, "sluice-prod") == []


def test_the_stack_is_asked_for_by_name_because_a_deployer_may_not_list_those_of_others(home: Any) -> None:
    calls = calls_of(lambda: find(home, "sluice-prod"))
    asked = [call.parameters for call in calls if call.service == "cloudformation"]
    assert asked == [{"StackName": "sluice-prod"}]
