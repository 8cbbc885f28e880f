"""CloudFormation acts with the deployer's rights: the ready policy allows what the template asks of it.

An emulator's CloudFormation asks nobody, so a missing right shows only here, or in a first real deploy.
"""

from __future__ import annotations

import json
from fnmatch import fnmatch

import pytest

from ops.stages import ROOT
from tests.support.template import resources, template

SETS = {  # the call that sets a property which creation itself does not take
    "AWS::KMS::Key": {"EnableKeyRotation": "kms:EnableKeyRotation"},
    "AWS::DynamoDB::Table": {
        "PointInTimeRecoverySpecification": "dynamodb:UpdateContinuousBackups",
        "TimeToLiveSpecification": "dynamodb:UpdateTimeToLive",
    },
    "AWS::IAM::Role": {
        "PermissionsBoundary": "iam:PutRolePermissionsBoundary",
        "Policies": "iam:PutRolePolicy",
    },
    "AWS::Logs::LogGroup": {"RetentionInDays": "logs:PutRetentionPolicy"},
    "AWS::S3::Bucket": {
        "BucketEncryption": "s3:PutEncryptionConfiguration",
        "CorsConfiguration": "s3:PutBucketCORS",
        "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "OwnershipControls": "s3:PutBucketOwnershipControls",
        "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
        "VersioningConfiguration": "s3:PutBucketVersioning",
    },
    "AWS::S3::BucketPolicy": {"PolicyDocument": "s3:PutBucketPolicy"},
    "AWS::SNS::TopicPolicy": {"PolicyDocument": "sns:SetTopicAttributes"},
    "AWS::SQS::QueuePolicy": {"PolicyDocument": "sqs:SetQueueAttributes"},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": "secretsmanager:GetRandomPassword"},
    "AWS::StepFunctions::StateMachine": {"RoleArn": "iam:PassRole"},
}
TAKES = {  # at creation
    "AWS::CloudWatch::Alarm": {"AlarmActions", "AlarmDescription", "ComparisonOperator", "Dimensions",
                               "EvaluationPeriods", "MetricName", "Namespace", "OKActions", "Period",
                               "Statistic", "Threshold", "TreatMissingData"},
    "AWS::CloudWatch::Dashboard": {"DashboardBody", "DashboardName"},
    "AWS::KMS::Key": {"Description", "KeyPolicy", "PendingWindowInDays"},
    "AWS::SNS::Subscription": {"Endpoint", "Protocol", "TopicArn"},
    "AWS::SNS::TopicPolicy": {"Topics"},
    "AWS::DynamoDB::Table": {"AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "KeySchema",
                             "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "SSESpecification",
                             "TableName"},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument", "RoleName"},
    "AWS::Logs::LogGroup": {"LogGroupName"},
    "AWS::S3::Bucket": {"BucketName"},
    "AWS::S3::BucketPolicy": {"Bucket"},
    "AWS::SNS::Topic": {"KmsMasterKeyId", "TopicName"},
    "AWS::SQS::Queue": {"MessageRetentionPeriod", "QueueName", "RedriveAllowPolicy", "RedrivePolicy",
                        "SqsManagedSseEnabled", "VisibilityTimeout"},
    "AWS::SQS::QueuePolicy": {"Queues"},
    "AWS::SecretsManager::Secret": {"Description", "Name"},
    "AWS::StepFunctions::StateMachine": {"DefinitionString", "DefinitionSubstitutions",
                                         "LoggingConfiguration", "StateMachineName",
                                         "TracingConfiguration"},
}  # fmt: skip
LIFE = {  # creation, tags, an update (of a topic it lists the subscriptions), deletion
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm DescribeAlarms TagResource DeleteAlarms",
    "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard GetDashboard DeleteDashboards",
    "AWS::KMS::Key": "kms:CreateKey DescribeKey TagResource PutKeyPolicy ScheduleKeyDeletion",
    "AWS::SNS::Subscription": "sns:Subscribe GetSubscriptionAttributes Unsubscribe",
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable TagResource UpdateTable DeleteTable",
    "AWS::IAM::Role": "iam:CreateRole TagRole DeleteRole",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup TagResource DeleteLogGroup",
    "AWS::S3::Bucket": "s3:CreateBucket PutBucketTagging TagResource DeleteBucket",
    "AWS::S3::BucketPolicy": "s3:GetBucketPolicy DeleteBucketPolicy",
    "AWS::SNS::Topic": "sns:CreateTopic TagResource SetTopicAttributes ListSubscriptionsByTopic DeleteTopic",
    "AWS::SQS::Queue": "sqs:CreateQueue TagQueue SetQueueAttributes DeleteQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
    "AWS::SecretsManager::Secret": "secretsmanager:CreateSecret TagResource UpdateSecret DeleteSecret",
    "AWS::StepFunctions::StateMachine": "states:CreateStateMachine TagResource DeleteStateMachine",
}
POLICY = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
GRANTED = [each["Action"] for each in POLICY["Statement"]]
ALLOWED = {action for each in GRANTED for action in ([each] if isinstance(each, str) else each)}


@pytest.mark.parametrize("name", sorted(template()["Resources"]))
def test_cloudformation_may_do_whatever_the_template_asks_of_it(name: str) -> None:
    resource = template()["Resources"][name]
    kind, properties = resource["Type"], set(resource["Properties"])
    service, _, operations = LIFE[kind].partition(":")
    needed = {f"{service}:{operation}" for operation in operations.split()}
    needed |= {action for each, action in SETS.get(kind, {}).items() if each in properties}
    assert properties <= TAKES[kind] | set(SETS.get(kind, {})), "add what it takes to set this property"
    assert needed <= ALLOWED


@pytest.mark.parametrize("name", sorted(resources("AWS::Logs::LogGroup")))
def test_the_deployer_may_make_every_log_group_of_the_template(name: str) -> None:
    group = resources("AWS::Logs::LogGroup")[name]["Properties"]["LogGroupName"]["Fn::Sub"]
    arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group.replace('${Stage}', 'dev')}"
    patterns = [each["Resource"] for each in POLICY["Statement"] if "logs:CreateLogGroup" in each["Action"]]
    assert any(fnmatch(arn, pattern) for each in patterns for pattern in each)
