"""What the template promises: private, encrypted, recoverable, wired with room for retries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import lint_all

import app
from chalicelib.settings import Settings
from ops.deploy.provision import TEMPLATE
from ops.deploy.template import condensed
from ops.stages import CONFIG, LOCAL, ROOT, Target, environment_of, load_stage
from tests.support.template import resources, template

CHALICE = json.loads((ROOT / CONFIG).read_text())
AWS = Target("123456789012", "eu-west-1")
ALARMS = {"Service": "cloudwatch.amazonaws.com"}
QUEUE_OF = {"ndjson_arrived": "NdjsonQueue", "csv_discovered": "DiscoveredQueue"}


def _timeout(function: str) -> int:
    own = CHALICE["lambda_functions"].get(function, {})
    return int(own.get("lambda_timeout", CHALICE["lambda_timeout"]))


def _functions() -> list[str]:
    triggered = [source.name for source in app.app.event_sources]
    return sorted([*triggered, *(handler.name for handler in app.app.builtin_auth_handlers)])


def test_the_template_lints_clean() -> None:
    matches = lint_all((ROOT / TEMPLATE).read_text())
    assert [match for match in matches if match.rule.severity != "informational"] == []


@pytest.mark.parametrize("name", resources("AWS::S3::Bucket"))
def test_a_bucket_is_private_encrypted_and_kept(name: str) -> None:
    bucket = resources("AWS::S3::Bucket")[name]
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["BucketEncryption"]
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["LifecycleConfiguration"]["Rules"][0]["AbortIncompleteMultipartUpload"]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("name", resources("AWS::S3::Bucket"))
def test_a_bucket_in_aws_answers_over_tls_only(name: str) -> None:
    policy = resources("AWS::S3::BucketPolicy")[f"{name}Policy"]
    statement = policy["Properties"]["PolicyDocument"]["Statement"][0]
    assert policy["Condition"] in {"InAws", f"{name}InAws"}
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


@pytest.mark.parametrize("name", resources("AWS::S3::Bucket"))
def test_what_is_overwritten_or_deleted_in_prod_stays_for_a_month(name: str) -> None:
    properties = resources("AWS::S3::Bucket")[name]["Properties"]
    enabled = {"Fn::If": ["Protected", {"Status": "Enabled"}, {"Ref": "AWS::NoValue"}]}
    assert properties["VersioningConfiguration"] == enabled
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert rules[1]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


@pytest.mark.parametrize("name", ["LandingBucket", "NdjsonBucket"])
def test_what_sluice_could_never_read_cannot_be_uploaded(name: str) -> None:
    policy = resources("AWS::S3::BucketPolicy")[f"{name}Policy"]
    denied = policy["Properties"]["PolicyDocument"]["Statement"][1:]
    given = {key for each in denied for key in each["Condition"]["Null"]}
    assert given == {
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
    assert {(each["Effect"], each["Action"]) for each in denied} == {("Deny", "s3:PutObject")}


def test_the_template_that_is_sent_is_short_enough() -> None:
    sent = condensed((ROOT / TEMPLATE).read_text())
    assert json.loads(sent)["Resources"].keys() == template()["Resources"].keys()
    assert len(sent.encode()) < 51_200  # CloudFormation's limit of a template in the call itself


@pytest.mark.parametrize("name", resources("AWS::DynamoDB::Table"))
def test_a_table_can_be_recovered_and_is_kept(name: str) -> None:
    table = resources("AWS::DynamoDB::Table")[name]
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"


def test_locks_expire_by_their_own_attribute() -> None:
    properties = resources("AWS::DynamoDB::Table")["TrackingTable"]["Properties"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


@pytest.mark.parametrize(("function", "queue"), QUEUE_OF.items())
def test_a_message_stays_invisible_for_six_times_its_functions_timeout(function: str, queue: str) -> None:
    properties = resources("AWS::SQS::Queue")[queue]["Properties"]
    assert properties["VisibilityTimeout"] >= 6 * _timeout(function)
    assert properties["RedrivePolicy"]["maxReceiveCount"] >= 5


@pytest.mark.parametrize("name", resources("AWS::SQS::Queue"))
def test_a_queue_is_encrypted_and_keeps_messages_for_two_weeks(name: str) -> None:
    properties = resources("AWS::SQS::Queue")[name]["Properties"]
    assert properties["SqsManagedSseEnabled"] is True
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_dead_letter_queue_takes_from_its_own_queue_alone() -> None:
    for queue in resources("AWS::SQS::Queue").values():
        properties = queue["Properties"]
        name = properties["QueueName"]["Fn::Sub"]
        if name.endswith("dlq"):
            allowed = properties["RedriveAllowPolicy"]
            sources = [each["Fn::Sub"].rpartition(":")[2] for each in allowed.get("sourceQueueArns", [])]
            assert sources == (
                [name.removesuffix("-dlq")] if allowed["redrivePermission"] == "byQueue" else []
            )
            assert allowed["redrivePermission"] in {"byQueue", "denyAll"}


def test_the_alert_topic_is_encrypted_under_a_key_that_alarms_may_use() -> None:
    (topic,) = resources("AWS::SNS::Topic").values()
    assert topic["Properties"]["KmsMasterKeyId"] == {
        "Fn::If": ["InAws", {"Ref": "AlertKey"}, {"Ref": "AWS::NoValue"}]
    }
    statements = resources("AWS::KMS::Key")["AlertKey"]["Properties"]["KeyPolicy"]["Statement"]
    (alarms,) = [each for each in statements if each["Principal"] == ALARMS]
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    policy = resources("AWS::SNS::TopicPolicy")["AlertTopicPolicy"]["Properties"]["PolicyDocument"]
    (publishing,) = [each for each in policy["Statement"] if each["Principal"] == ALARMS]
    assert publishing["Action"] == "sns:Publish"
    assert publishing["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("name", [*resources("AWS::SQS::Queue"), *resources("AWS::SNS::Topic")])
def test_a_queue_or_topic_in_aws_answers_over_tls_only(name: str) -> None:
    policies = [*resources("AWS::SQS::QueuePolicy").values(), *resources("AWS::SNS::TopicPolicy").values()]
    statements = [
        each["Fn::If"][1] if "Fn::If" in each else each
        for policy in policies
        if {"Ref": name} in [*policy["Properties"].get("Queues", []), *policy["Properties"].get("Topics", [])]
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    (denied,) = [each for each in statements if each["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_function_and_dead_letter_queue_has_its_alarms() -> None:
    alarms = [each["Properties"] for each in resources("AWS::CloudWatch::Alarm").values()]
    watched = {(each["MetricName"], str(each["Dimensions"][0]["Value"])) for each in alarms}
    for function in [*(f"-{name}" for name in _functions()), ""]:
        for metric in ("Errors", "Throttles"):
            assert (metric, str({"Fn::Sub": f"sluice-${{Stage}}{function}"})) in watched
    for name, queue in resources("AWS::SQS::Queue").items():
        is_dead = queue["Properties"]["QueueName"]["Fn::Sub"].endswith("dlq")
        metric = "ApproximateNumberOfMessagesVisible" if is_dead else "ApproximateAgeOfOldestMessage"
        assert (metric, str({"Fn::GetAtt": [name, "QueueName"]})) in watched
    assert all(each["AlarmActions"] == each["OKActions"] == [{"Ref": "AlertTopic"}] for each in alarms)


@pytest.mark.parametrize("name", ["LandingBucket", "NdjsonBucket"])
def test_a_given_bucket_is_not_made_and_gets_no_policy(name: str) -> None:
    conditions, given = template()["Conditions"], name.removesuffix("Bucket")
    assert resources("AWS::S3::Bucket")[name]["Condition"] == f"Makes{name}"
    assert conditions[f"Makes{name}"] == {"Fn::Equals": [{"Ref": f"Given{given}Bucket"}, ""]}
    both = {"Fn::And": [{"Condition": "InAws"}, {"Condition": f"Makes{name}"}]}
    assert conditions[f"{name}InAws"] == both
    assert resources("AWS::S3::BucketPolicy")[f"{name}Policy"]["Condition"] == f"{name}InAws"


def test_only_the_bucket_may_announce_to_the_queue() -> None:
    policy = resources("AWS::SQS::QueuePolicy")["NdjsonQueuePolicy"]
    statement = policy["Properties"]["PolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    given = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${GivenNdjsonBucket}"}
    made = {"Fn::GetAtt": ["NdjsonBucket", "Arn"]}
    source = {"Fn::If": ["MakesNdjsonBucket", made, given]}
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": source}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_every_functions_log_is_kept_for_a_while_and_not_for_ever() -> None:
    groups = [each["Properties"] for each in resources("AWS::Logs::LogGroup").values()]
    names = {each["LogGroupName"]["Fn::Sub"] for each in groups}
    wanted = {
        "/aws/lambda/sluice-${Stage}",
        *(f"/aws/lambda/sluice-${{Stage}}-{name}" for name in _functions()),
    }
    assert wanted <= names
    assert all(each["RetentionInDays"] for each in groups)


def test_alarms_and_dashboard_are_made_in_aws_only_and_logs_are_kept_a_year_in_prod() -> None:
    watching = [
        *resources("AWS::CloudWatch::Alarm").values(),
        *resources("AWS::CloudWatch::Dashboard").values(),
    ]
    assert {each["Condition"] for each in watching} == {"InAws"}
    kept = [each["Properties"]["RetentionInDays"] for each in resources("AWS::Logs::LogGroup").values()]
    assert all(days == {"Fn::If": ["Protected", 365, 30]} for days in kept)
    assert template()["Conditions"]["Protected"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_the_api_is_regional_and_prod_alone_has_more_than_two_at_work_on_a_queue() -> None:
    assert CHALICE["api_gateway_endpoint_type"] == "REGIONAL"
    numbers = {
        stage: {Settings.from_environ(environment_of(load_stage(stage), AWS)).discovered_max_concurrency,
                Settings.from_environ(environment_of(load_stage(stage), AWS)).ndjson_max_concurrency}
        for stage in (LOCAL, "dev", "prod")
    }  # fmt: skip
    assert numbers == {LOCAL: {2}, "dev": {2}, "prod": {50}}


def test_the_page_may_upload_from_a_domain_of_ones_own() -> None:
    (rule,) = resources("AWS::S3::Bucket")["LandingBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    given = {"Fn::If": ["WithPageOrigin", {"Ref": "PageOrigin"}, {"Ref": "AWS::NoValue"}]}
    assert given in rule["AllowedOrigins"]
    assert rule["AllowedMethods"] == ["PUT"]


def test_no_state_machine_is_made_where_one_is_given() -> None:
    (machine,) = resources("AWS::StepFunctions::StateMachine").values()
    assert machine["Condition"] == "WithStateMachine"
    assert template()["Conditions"]["WithStateMachine"] == {"Fn::Equals": [{"Ref": "OwnStateMachine"}, "no"]}


def test_the_starter_state_machine_writes_what_failed_and_is_traced_in_aws() -> None:
    (machine,) = resources("AWS::StepFunctions::StateMachine").values()
    logging, elsewhere = machine["Properties"]["LoggingConfiguration"]["Fn::If"][1:]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", True)
    assert logging["Destinations"] == [
        {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["EtlLogs", "Arn"]}}}
    ]
    assert elsewhere == {"Ref": "AWS::NoValue"}
    assert machine["Properties"]["TracingConfiguration"] == {"Enabled": {"Fn::If": ["InAws", True, False]}}


def test_tokens_are_generated_and_none_is_made_for_local() -> None:
    secrets = resources("AWS::SecretsManager::Secret")
    assert {each["Condition"] for each in secrets.values()} == {"InAws"}
    assert all(
        each["Properties"]["GenerateSecretString"]["PasswordLength"] >= 40 for each in secrets.values()
    )
    prefix = environment_of(load_stage("dev"), AWS)["API_TOKENS_SECRET"]
    names = {each["Properties"]["Name"]["Fn::Sub"].replace("${Stage}", "dev") for each in secrets.values()}
    assert names == {f"{prefix}-reader", f"{prefix}-operator"}


def _names_in_template(stage: str, suffix: str) -> set[str]:
    keys = ("BucketName", "TableName", "QueueName", "TopicName", "StateMachineName")
    named = (each["Properties"].get(key) for each in template()["Resources"].values() for key in keys)
    return {
        name["Fn::Sub"].replace("${Stage}", stage).replace("${BucketSuffix}", suffix)
        for name in named
        if name
    }


@pytest.mark.parametrize(
    ("stage", "suffix"), [(LOCAL, ""), ("dev", "-123456789012"), ("prod", "-123456789012")]
)
def test_the_functions_are_told_the_names_that_the_template_gives(stage: str, suffix: str) -> None:
    environment = environment_of(load_stage(stage), AWS)
    kinds = ("_BUCKET", "_TABLE", "_QUEUE", "_DLQ", "_ARN", "QUEUE_URL")
    told = {_last(value) for name, value in environment.items() if name.endswith(kinds)}
    assert told == _names_in_template(stage, suffix)


def _last(value: Any) -> str:
    return str(value).replace("/", ":").rsplit(":", 1)[-1]
