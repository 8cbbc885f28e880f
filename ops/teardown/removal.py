"""Delete a stage's resources kind by kind; each step looks for its work, so it can be repeated."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ops.deploy.notifications import TO_FUNCTIONS, withdraw
from ops.deploy.propagation import once_permitted
from ops.deploy.stack import Say, describe, failures
from ops.errors import OperationError
from ops.teardown.inventory import Resource, find, in_stack, is_gone

STACK_POLL_SECONDS = 2.0
TABLE_SECONDS = 300


def remove_functions(session: Any, prefix: str, say: Say) -> None:
    """Delete what Chalice deployed: triggers first, so that nothing calls a stage half deleted."""
    for bucket in find(session, prefix, "bucket"):
        withdraw(session.client("s3"), bucket.identifier, prefix, TO_FUNCTIONS)
    kept = in_stack(session, prefix)
    for kind in ("rule", "function", "API", "role"):
        for found in find(session, prefix, kind):
            if (found.kind, found.name) not in kept:
                say(f"Deleting {found}")
                delete(session, found)


def delete(session: Any, found: Resource) -> None:
    """Delete a rule, function, API or role with what hangs on it; one that is gone is no error."""
    steps: dict[str, Callable[[Any, Resource], None]] = {
        "rule": _delete_rule,
        "function": _delete_function,
        "API": lambda session, api: session.client("apigateway").delete_rest_api(restApiId=api.identifier),
        "role": _delete_role,
    }
    _unless_gone(lambda: steps[found.kind](session, found))


def _unless_gone(step: Callable[[], object]) -> None:
    try:
        step()
    except ClientError as error:
        if not is_gone(error):
            raise


def holding_data(session: Any, prefix: str) -> list[Resource]:
    """Return the buckets and tables that are not empty."""
    return [each for each in find(session, prefix, "bucket", "table") if _holds_data(session, each)]


def remove_orphans(session: Any, prefix: str, say: Say) -> None:
    """Delete empty buckets and tables that a stack left which is gone: they would block the next stack.

    Raise OperationError when one of them holds data.
    """
    if describe(session.client("cloudformation"), prefix):
        return
    orphans = find(session, prefix, "bucket", "table")
    full = [str(each) for each in orphans if _holds_data(session, each)]
    if full:
        raise OperationError(
            f"stack {prefix} is gone and left what holds data: {', '.join(full)}. Bring it back into a stack "
            "as docs/deploy.md says under Rollback, or delete it: make destroy with DELETE_DATA=yes"
        )
    for each in orphans:
        say(f"Deleting {each}, which is empty and was left by a stack that is gone")
    _delete_stores(session, orphans)


def remove_data(session: Any, prefix: str, say: Say) -> None:
    """Empty the buckets; tables need not be empty to be deleted."""
    for bucket in find(session, prefix, "bucket"):
        say(f"Emptying {bucket}")
        _unless_gone(partial(_empty, session.client("s3"), bucket.identifier))


def remove_stack(session: Any, prefix: str, say: Say) -> None:
    """Delete the stack, then what it leaves: empty buckets, tables, logs written meanwhile."""
    stacks = session.client("cloudformation")
    stack = describe(stacks, prefix)
    stores = find(session, prefix, "bucket", "table")  # while the stack is there to tell whose they are
    if stack:
        say(f"Deleting stack {prefix}")
        if stack.get("EnableTerminationProtection"):  # whoever typed the stack's name wants it gone
            stacks.update_termination_protection(StackName=prefix, EnableTerminationProtection=False)
        stacks.delete_stack(StackName=prefix)
        _await_deletion(stacks, stack["StackId"])
    _delete_stores(session, stores)
    for group in find(session, prefix, "log group"):
        logs, name = session.client("logs"), group.identifier
        _unless_gone(partial(logs.delete_log_group, logGroupName=name))


def _delete_stores(session: Any, stores: list[Resource]) -> None:
    for bucket in _of_kind(stores, "bucket"):
        _unless_gone(partial(session.client("s3").delete_bucket, Bucket=bucket.identifier))
    tables = _of_kind(stores, "table")
    for table in tables:
        _unless_gone(partial(_delete_table, session.client("dynamodb"), table.name))
    _await_no_tables(session, tables)


def _of_kind(stores: list[Resource], kind: str) -> list[Resource]:
    return [each for each in stores if each.kind == kind]


def _delete_rule(session: Any, rule: Resource) -> None:
    events = session.client("events")
    targets = [each["Id"] for each in events.list_targets_by_rule(Rule=rule.name)["Targets"]]
    if targets:
        events.remove_targets(Rule=rule.name, Ids=targets)
    events.delete_rule(Name=rule.name)


def _delete_function(session: Any, function: Resource) -> None:
    functions = session.client("lambda")
    mappings = functions.list_event_source_mappings(FunctionName=function.identifier)["EventSourceMappings"]
    for mapping in mappings:
        delete_mapping(functions, mapping)
    functions.delete_function(FunctionName=function.name)


def delete_mapping(functions: Any, mapping: Any) -> None:
    """Delete a queue's mapping, which may be in the middle of another change."""
    if mapping["State"] != "Deleting":
        _unless_gone(
            lambda: once_permitted(lambda: functions.delete_event_source_mapping(UUID=mapping["UUID"]))
        )


def _delete_role(session: Any, role: Resource) -> None:
    iam = session.client("iam")
    for policy in iam.list_role_policies(RoleName=role.name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role.name, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role.name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=role.name)


def _delete_table(tables: Any, name: str) -> None:
    if tables.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        tables.update_table(TableName=name, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=name)


def _holds_data(session: Any, found: Resource) -> bool:
    if found.kind == "bucket":  # old versions are data too, and keep a bucket from being deleted
        page = session.client("s3").list_object_versions(Bucket=found.identifier, MaxKeys=1)
        return bool(page.get("Versions") or page.get("DeleteMarkers"))
    return bool(session.client("dynamodb").scan(TableName=found.name, Limit=1)["Items"])


def _empty(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in entries]
        if objects:
            deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            if deleted.get("Errors"):
                raise OperationError(f"bucket {bucket} cannot be emptied: {deleted['Errors'][:3]}")
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _await_deletion(stacks: Any, stack_id: str) -> None:
    while True:
        found = describe(stacks, stack_id)
        if not found or found["StackStatus"] == "DELETE_COMPLETE":
            return
        if found["StackStatus"] != "DELETE_IN_PROGRESS":
            raise OperationError(
                f"the stack could not be deleted ({found['StackStatus']}):\n{failures(stacks, stack_id)}\n"
                "Mend the cause and run the same command again."
            )
        time.sleep(STACK_POLL_SECONDS)


def _await_no_tables(session: Any, tables: list[Resource]) -> None:
    deadline = time.monotonic() + TABLE_SECONDS
    for table in tables:
        while _exists(session, table.name):
            if time.monotonic() > deadline:
                raise OperationError(f"{table} is still being deleted; run the same command again")
            time.sleep(STACK_POLL_SECONDS)


def _exists(session: Any, table: str) -> bool:
    try:
        session.client("dynamodb").describe_table(TableName=table)
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return True
