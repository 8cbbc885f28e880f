"""From calls to grants: the parameters decide which actions on which resource."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from chalicelib.settings import Settings
from ops.policies import Refused
from ops.policies.grants import Grant, grants_of, grants_of_call
from ops.policies.reading.handlers import read_handlers
from ops.policies.resources import Place
from ops.stages import Target
from tests.support.emulation import LOCAL_ENVIRONMENT

PLACE = Place(Settings.from_environ(LOCAL_ENVIRONMENT), Target("123456789012", "us-east-1"))
BUCKET = "arn:aws:s3:::sluice-local-landing"
OBJECTS = f"{BUCKET}/*"
FILES = [f"{BUCKET}/data/{one}/*" for one in ("in", "new_files", "rejected")]  # of any key
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/sluice-local-tracking"
APP_SOURCE = """
    import os
    from chalice import Chalice
    from chalicelib.aws.clients import client
    from chalicelib.aws.adapter import Adapter
    from chalicelib.settings import Settings

    app = Chalice(app_name="small")

    @app.{trigger}
    def handler(event, context):
        config = Settings.from_environ(os.environ)
        adapter = Adapter(client("{service}", config.aws_region), config.{setting})
        return adapter.work(event)
    """


def grants(project: Path, body: str, *, service: str = "s3", setting: str = "landing_bucket") -> set[Grant]:
    """Return what a handler needs whose one adapter does `body`."""
    write(project, body, service, setting, "lambda_function()")
    handler = read_handlers(project)[0]
    return {grant for call in handler.calls for grant in grants_of_call(call, PLACE)}


def write(project: Path, body: str, service: str, setting: str, trigger: str) -> None:
    """Write a project of one handler and one adapter."""
    real = Path(__file__).parents[3] / "chalicelib"
    for name in ("settings.py", "errors.py"):
        (project / "chalicelib" / name).write_text((real / name).read_text())
    source = dedent(APP_SOURCE).format(service=service, setting=setting, trigger=trigger)
    (project / "app.py").write_text(source)
    adapter = """
        class Adapter:
            def __init__(self, client, name):
                self._aws = client
                self.name = name

            def work(self, event):
        """
    work = dedent(adapter) + indent(dedent(body).strip(), " " * 8) + "\n"
    (project / "chalicelib" / "aws" / "adapter.py").write_text(work)


def test_given_a_read_then_the_bucket_may_be_listed_so_that_missing_is_an_answer(project: Path) -> None:
    found = grants(project, "self._aws.get_object(Bucket=self.name, Key=event)")

    assert found == {Grant("s3:GetObject", OBJECTS), Grant("s3:ListBucket", BUCKET)}


def test_given_a_conditional_delete_then_the_object_may_be_read_for_the_condition(project: Path) -> None:
    found = grants(project, "self._aws.delete_object(Bucket=self.name, Key=event, IfMatch=event)")

    deleted = {Grant("s3:DeleteObject", one) for one in FILES}
    assert found == deleted | {Grant("s3:GetObject", OBJECTS), Grant("s3:ListBucket", BUCKET)}


def test_given_a_parameter_that_only_some_calls_pass_then_its_permission_is_granted(project: Path) -> None:
    body = """
        properties = {"Bucket": self.name}
        if event:
            properties["Tagging"] = "a=b"
        self._aws.put_object(Key=event, **properties)
        """

    actions = ("s3:PutObject", "s3:PutObjectTagging")
    assert grants(project, body) == {Grant(action, one) for action in actions for one in FILES}


def test_given_a_part_copy_then_its_source_may_be_read(project: Path) -> None:
    body = """
        source = {"Bucket": self.name, "Key": event}
        self._aws.upload_part_copy(Bucket=self.name, Key=event, UploadId="u", PartNumber=1, CopySource=source)
        """

    put = {Grant("s3:PutObject", one) for one in FILES}
    assert grants(project, body) == put | {Grant("s3:GetObject", OBJECTS), Grant("s3:ListBucket", BUCKET)}


def test_given_a_query_that_always_names_an_index_then_the_table_itself_is_not_granted(project: Path) -> None:
    body = 'self._aws.query(TableName=self.name, IndexName="pending", KeyConditionExpression="x")'

    found = grants(project, body, service="dynamodb", setting="tracking_table")

    assert found == {Grant("dynamodb:Query", f"{TABLE}/index/pending")}


def test_given_a_query_that_may_name_an_index_then_table_and_index_are_granted(project: Path) -> None:
    body = """
        request = {"TableName": self.name}
        if event:
            request |= {"IndexName": "pending"}
        self._aws.query(**request)
        """

    found = grants(project, body, service="dynamodb", setting="tracking_table")

    assert found == {Grant("dynamodb:Query", TABLE), Grant("dynamodb:Query", f"{TABLE}/index/pending")}


def test_given_a_batch_read_then_the_tables_are_the_keys_of_its_request(project: Path) -> None:
    body = 'self._aws.batch_get_item(RequestItems={self.name: {"Keys": event}})'

    found = grants(project, body, service="dynamodb", setting="tracking_table")

    assert found == {Grant("dynamodb:BatchGetItem", TABLE)}


def test_given_a_transaction_then_each_item_needs_its_own_action(project: Path) -> None:
    body = """
        self._aws.transact_write_items(TransactItems=[
            {"Put": {"TableName": self.name, "Item": {}}},
            {"ConditionCheck": {"TableName": self.name, "Key": {}}},
        ])
        """

    found = grants(project, body, service="dynamodb", setting="tracking_table")

    assert found == {Grant("dynamodb:PutItem", TABLE), Grant("dynamodb:ConditionCheckItem", TABLE)}


def test_given_a_queue_url_then_its_account_and_name_make_the_arn(project: Path) -> None:
    body = "self._aws.send_message_batch(QueueUrl=self.name, Entries=event)"

    found = grants(project, body, service="sqs", setting="sqs_queue_url")

    queue = "arn:aws:sqs:us-east-1:123456789012:sluice-local-discovered"
    assert found == {Grant("sqs:SendMessage", queue)}


def test_given_a_queue_asked_for_by_name_then_what_is_done_with_its_url_is_on_that_queue(
    project: Path,
) -> None:
    body = """
        url = self._aws.get_queue_url(QueueName=f"{self.name}-dlq")["QueueUrl"]
        self._aws.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        """

    found = grants(project, body, service="sqs", setting="ndjson_queue")

    queue = "arn:aws:sqs:us-east-1:123456789012:sluice-local-ndjson-dlq"
    assert found == {Grant("sqs:GetQueueUrl", queue), Grant("sqs:GetQueueAttributes", queue)}


def test_given_an_execution_then_only_those_of_its_machine_are_granted(project: Path) -> None:
    body = """
        execution = self.name.replace(":stateMachine:", ":execution:") + ":" + event
        self._aws.describe_execution(executionArn=execution)
        """

    found = grants(project, body, service="stepfunctions", setting="step_function_arn")

    arn = "arn:aws:states:us-east-1:123456789012:execution:sluice-local-etl:*"
    assert found == {Grant("states:DescribeExecution", arn)}


def test_given_an_optional_resource_that_the_stage_lacks_then_nothing_is_granted(project: Path) -> None:
    body = "self._aws.start_job_run(JobName=self.name)"

    assert grants(project, body, service="glue", setting="glue_job_name") == set()


def test_given_an_sqs_handler_then_its_poller_may_work_its_queue(project: Path) -> None:
    trigger = 'on_sqs_message(queue=os.environ.get("NDJSON_QUEUE", "x"), batch_size=10)'
    write(project, "return event", "s3", "landing_bucket", trigger)

    found = grants_of(read_handlers(project)[0], PLACE)

    queue = "arn:aws:sqs:us-east-1:123456789012:sluice-local-ndjson"
    assert {grant.action for grant in found if grant.resource == queue} == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    }


def test_given_a_call_of_the_api_then_the_logs_are_those_of_the_function_chalice_makes(project: Path) -> None:
    write(project, "return event", "s3", "landing_bucket", 'route("/")')

    found = grants_of(read_handlers(project)[0], PLACE)

    logs = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/sluice-local:*"
    assert found == {Grant("logs:CreateLogStream", logs), Grant("logs:PutLogEvents", logs)}


def test_given_a_presigned_url_then_what_its_bearer_may_do_is_granted(project: Path) -> None:
    body = """
        parameters = {"Bucket": self.name, "Key": event}
        self._aws.generate_presigned_url(ClientMethod="put_object", Params=parameters, ExpiresIn=60)
        """

    assert grants(project, body) == {Grant("s3:PutObject", one) for one in FILES}


PLACES = {  # what is known of a key, in the code of an adapter: where it may be written
    "nothing": ("event", FILES),
    "all": ('"state/one.json"', [f"{BUCKET}/state/one.json"]),
    "its folder": ('f"manifests/{event}/x"', [f"{BUCKET}/manifests/*"]),
    "its folder, joined": ('"quarantine/" + event', [f"{BUCKET}/quarantine/*"]),
    "its folder or nothing": ('"manifests/" + event if event else event', [*FILES, f"{BUCKET}/manifests/*"]),
    "its end": ('event + "/x"', FILES),
    "only that it may be none": ("None", FILES),
}


@pytest.mark.parametrize(("key", "places"), PLACES.values(), ids=PLACES.keys())
def test_given_what_is_known_of_a_key_then_writing_is_granted_there_and_nowhere_else(
    project: Path, key: str, places: list[str]
) -> None:
    found = grants(project, f"self._aws.put_object(Bucket=self.name, Key={key})")

    assert found == {Grant("s3:PutObject", one) for one in places}


REFUSED = {
    "a presigned URL for any operation": (
        'self._aws.generate_presigned_url(ClientMethod=event, Params={"Bucket": self.name})'
    ),
    "paginator": 'self._aws.get_paginator("list_objects_v2").paginate(Bucket=self.name)',
    "positional parameters": "self._aws.get_object(self.name, event)",
    "unknown parameters": "self._aws.get_object(Bucket=self.name, **event)",
    "an operation given away": "event.apply(self._aws.get_object)",
    "an operation by computed name": "getattr(self._aws, event)(Bucket=self.name)",
    "a resource that the event names": "self._aws.get_object(Bucket=event, Key=event)",
    "a resource that is partly known": "self._aws.get_object(Bucket=self.name + event, Key=event)",
    "no resource": "self._aws.get_object(Key=event)",
    "a source by text": 'self._aws.copy_object(Bucket=self.name, Key="k", CopySource=event)',
    "an unmapped operation": "self._aws.create_bucket(Bucket=self.name)",
    "an unmapped parameter": 'self._aws.put_object(Bucket=self.name, Key="k", ACL="public-read")',
    "metadata of the client": "self._aws.meta.client.get_object(Bucket=self.name)",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_given_a_call_whose_permission_cannot_be_derived_then_the_build_fails_naming_its_line(
    project: Path, body: str
) -> None:
    with pytest.raises(Refused, match=r"chalicelib/aws/adapter\.py:8: "):
        grants(project, body)
