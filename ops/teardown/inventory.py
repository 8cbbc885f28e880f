"""Find every resource of a stage in an account by its name, also what an interrupted deploy left.

Tags would not do: AWS's listing by tag still shows resources for a while after they were deleted. Buckets
and tables hold data and their names are everybody's to choose, so they must have the stage's tag, or be in
its stack, as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ops.deploy.stack import describe
from ops.stages import APP, STAGE_TAG

STACK_TAG = "aws:cloudformation:stack-name"  # CloudFormation sets it


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: how it is listed; the JMESPath `entries` yields [name, identifier] of each."""

    name: str
    service: str
    operation: str
    entries: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; the calls that delete it take `identifier`."""

    kind: str
    name: str
    identifier: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


KINDS = (
    Kind("rule", "events", "list_rules", "Rules[].[Name, Name]"),
    Kind("API", "apigateway", "get_rest_apis", "items[].[name, id]"),
    Kind("function", "lambda", "list_functions", "Functions[].[FunctionName, FunctionArn]"),
    Kind("role", "iam", "list_roles", "Roles[].[RoleName, RoleName]"),
    Kind("bucket", "s3", "list_buckets", "Buckets[].[Name, Name]"),
    Kind("table", "dynamodb", "list_tables", "TableNames[].[@, @]"),
    Kind("queue", "sqs", "list_queues", "QueueUrls[].[@, @]"),
    Kind("topic", "sns", "list_topics", "Topics[].[TopicArn, TopicArn]"),
    Kind("state machine", "stepfunctions", "list_state_machines", "stateMachines[].[name, stateMachineArn]"),
    Kind("secret", "secretsmanager", "list_secrets", "SecretList[].[Name, ARN]"),
    Kind("log group", "logs", "describe_log_groups", "logGroups[].[logGroupName, logGroupName]"),
)


GONE = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFoundException",
    "ResourceNotFoundException",
}


def is_gone(error: ClientError) -> bool:
    """Return whether AWS says that what a call names is not there; its lists may show it for minutes."""
    return error.response["Error"]["Code"] in GONE


def find(session: Any, prefix: str, *kinds: str) -> list[Resource]:
    """Return the resources named `prefix` or `prefix-…`, of these kinds or of all."""
    wanted = [kind for kind in KINDS if not kinds or kind.name in kinds]
    named = [each for kind in wanted for each in _of_kind(session, kind, prefix)]
    found = [each for each in named if _is_own(session, prefix, each)]
    return found + _stack(session, prefix) if not kinds or "stack" in kinds else found


def _stack(session: Any, name: str) -> list[Resource]:
    """Look for the stack by its name: a deployer may not list other stacks."""
    stack = describe(session.client("cloudformation"), name)
    return [Resource("stack", name, stack["StackId"])] if stack else []


def in_stack(session: Any, prefix: str) -> set[tuple[str, str]]:
    """Return what the stage's stack holds as (kind, name or id), empty when there is no stack.

    The kind is part of it: the stack's dashboard has the name of the API and its function.
    """
    stacks = session.client("cloudformation")
    if not describe(stacks, prefix):
        return set()
    pages = stacks.get_paginator("list_stack_resources").paginate(StackName=prefix)
    found = (each for page in pages for each in page["StackResourceSummaries"])
    return {
        (each["ResourceType"].rpartition(":")[2].lower(), each["PhysicalResourceId"])
        for each in found
        if each.get("PhysicalResourceId")
    }


def _is_own(session: Any, prefix: str, found: Resource) -> bool:
    """Tell whether a bucket or table is of this stage; of other kinds the name tells."""
    read = {"bucket": _bucket_tags, "table": _table_tags}.get(found.kind)
    if read is None:
        return True
    try:
        tags = {tag["Key"]: tag["Value"] for tag in read(session, found.name)}
    except ClientError as error:
        if is_gone(error):
            return False
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        tags = {}
    ours = f"{APP}-{tags.get(STAGE_TAG)}" == prefix or tags.get(STACK_TAG) == prefix
    return ours or (found.kind, found.name) in in_stack(session, prefix)


def _bucket_tags(session: Any, name: str) -> Any:
    return session.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]


def _table_tags(session: Any, name: str) -> Any:
    tables = session.client("dynamodb")
    arn = tables.describe_table(TableName=name)["Table"]["TableArn"]
    return tables.list_tags_of_resource(ResourceArn=arn)["Tags"]


def _of_kind(session: Any, kind: Kind, prefix: str) -> Iterator[Resource]:
    pages = session.client(kind.service).get_paginator(kind.operation).paginate()
    for name, identifier in pages.search(f"{kind.entries} || `[]`"):
        last = re.split("[/:]", name)[-1]
        if last == prefix or last.startswith(f"{prefix}-"):
            yield Resource(kind.name, last, identifier)
