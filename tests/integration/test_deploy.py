"""`chalice deploy --stage dev` from an empty account, again, interrupted, and `destroy` to an empty one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ops.local.embedded_aws import start_embedded_aws
from ops.local.processes import free_port
from ops.stages import ROOT
from ops.teardown.inventory import find
from tests.support.account import READS, Account, noting_calls, without_ids
from tests.support.deployed import copy_project

pytestmark = pytest.mark.xdist_group("deploy")
ACTION_OF = {  # operations whose IAM action has another name
    "DeleteObjects": "s3:DeleteObjectVersion",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutBucketNotificationConfiguration": "s3:PutBucketNotification",
}
CHANGES_OF_ANY_DEPLOY = {
    "UpdateEventSourceMapping",
    "PutRule",
    "PutTargets",
    "CreateDeployment",
    "UpdateRestApi",
}
CI_DEATHS = 4  # all of them by `make faults`


def test_a_deploy_makes_everything_and_a_second_changes_nothing(account: Account) -> None:
    first = account.deploy()
    assert first.returncode == 0, first.stderr
    made = account.snapshot()
    assert made["mappings"]
    assert all(mapping[-1] == ["ReportBatchItemFailures"] for mapping in made["mappings"])
    dead_letters = made["functions"]["sluice-dev-object_created"]["DeadLetterConfig"]["TargetArn"]
    assert dead_letters.endswith(":sluice-dev-landing-dlq")

    shutil.rmtree(account.project / ".chalice" / "deployed")  # as from another machine
    log = account.project / "calls.log"
    second = account.deploy(**noting_calls(log))
    assert second.returncode == 0, second.stderr
    assert account.snapshot() == made
    calls = {line.split()[1] for line in log.read_text().splitlines()}
    assert {each for each in calls if not each.startswith(READS)} <= CHANGES_OF_ANY_DEPLOY


def test_a_deploy_killed_after_any_write_is_completed_by_the_next(account: Account, tmp_path: Path) -> None:
    writes = account.deploy_dying(after=10**6)
    complete = without_ids(account.snapshot())
    for after in deaths(len(writes)):
        port = free_port()
        child = start_embedded_aws(port, tmp_path / f"aws-{after}")
        try:
            other = Account(port, copy_project(tmp_path / f"project-{after}", account.project))
            assert len(other.deploy_dying(after)) == after
            result = other.deploy()
            assert result.returncode == 0, f"after {writes[after - 1]}: {result.stderr}"
            assert without_ids(other.snapshot()) == complete, f"after {writes[after - 1]}"
        finally:
            child.stop()


def test_what_a_deploy_cannot_do_it_refuses_before_it_changes_anything(account: Account) -> None:
    local = account.deploy("local", AWS_ENDPOINT_URL="")
    assert local.returncode == 2
    assert "stage local" in local.stderr
    assert "Traceback" not in local.stderr

    unknown = account.deploy("qa")
    assert unknown.returncode == 2
    assert "no stage 'qa'" in unknown.stderr

    nobody = account.deploy(AWS_ENDPOINT_URL="", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert nobody.returncode == 2
    assert "no AWS credentials" in nobody.stderr
    assert not find(account.session, "sluice-dev")


def test_the_deployers_policy_allows_every_call_of_deploy_and_destroy(account: Account) -> None:
    log = account.project / "calls.log"
    assert account.deploy(**noting_calls(log)).returncode == 0
    bucket = "sluice-dev-landing-123456789012"
    account.session.client("s3").put_object(Bucket=bucket, Key="some.txt", Body=b"text")
    assert account.destroy("--delete-data", **noting_calls(log)).returncode == 0

    made = set(log.read_text().splitlines())
    assert "cloudformation CreateStack" in made
    assert "s3 DeleteObjects" in made
    policy = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
    allowed = {action for statement in policy["Statement"] for action in _list(statement["Action"])}
    assert {call for call in made if _action(*call.split()) not in allowed} == set()


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _action(service: str, operation: str) -> str:
    if service == "apigateway":
        methods = {
            "Get": "GET",
            "Create": "POST",
            "Import": "POST",
            "Delete": "DELETE",
            "Update": "PATCH",
            "Put": "PUT",
        }
        return next(f"apigateway:{method}" for verb, method in methods.items() if operation.startswith(verb))
    return ACTION_OF.get(operation, f"{service}:{operation}")


def deaths(writes: int) -> list[int]:
    """Return after which writes to die: a few, spread evenly, or all."""
    if os.environ.get("ALL_DEATHS"):
        return list(range(1, writes))
    return sorted({max(1, writes * part // (CI_DEATHS + 1)) for part in range(1, CI_DEATHS + 1)})


def test_destroy_keeps_data_unless_told_and_leaves_nothing_else(account: Account) -> None:
    assert account.deploy().returncode == 0
    session = account.session
    bucket = "sluice-dev-landing-123456789012"
    session.client("s3").put_object(Bucket=bucket, Key="kept.txt", Body=b"a\n1\n")
    assert account.await_rows("sluice-dev-catalog")[0]["status"]["S"] == "received"

    refused = account.destroy(typed="sluice-prod")
    assert refused.returncode == 1
    assert "nothing was deleted" in refused.stderr
    assert find(session, "sluice-dev", "function")

    kept = account.destroy()
    assert kept.returncode == 3, kept.stderr
    assert f"bucket {bucket}" in kept.stdout
    assert session.client("s3").get_object(Bucket=bucket, Key="kept.txt")["ContentLength"] == 4
    assert not find(session, "sluice-dev", "function", "rule", "API")

    gone = account.destroy("--delete-data")
    assert gone.returncode == 0, gone.stderr
    assert not find(session, "sluice-dev")
    assert account.deploy().returncode == 0


def test_what_the_app_no_longer_declares_is_removed_whatever_a_record_says(account: Account) -> None:
    assert account.deploy().returncode == 0
    record = account.project / ".chalice" / "deployed" / "dev.json"
    stale = record.read_text()
    made = account.snapshot()
    app = account.project / "app.py"
    app.write_text(app.read_text().replace("def csv_discovered(", "def csv_consumed("))
    record.unlink()  # as in a fresh clone
    assert "run the same command again" in account.deploy().stderr  # the config learns the new name
    record.unlink(missing_ok=True)
    renamed = account.deploy()
    assert renamed.returncode == 0, renamed.stderr
    assert "Removing function sluice-dev-csv_discovered" in renamed.stdout
    left = account.snapshot()
    assert [name.replace("csv_consumed", "csv_discovered") for name in left["names"]] == made["names"]
    queues = [mapping[0] for mapping in left["mappings"]]
    assert len(queues) == len(set(queues)) == len(made["mappings"])
    assert str(left["mappings"]).count("csv_consumed") == 1

    record.write_text(stale)  # of a clone that deployed before the renaming
    again = account.deploy()
    assert again.returncode == 0, again.stderr
    assert account.snapshot() == left
    record.write_text(stale)
    deleted = account.run("chalice", "delete", "--stage", "dev")
    assert deleted.returncode == 0, deleted.stderr
    assert "make destroy STAGE=dev" in deleted.stdout


def test_what_would_lose_messages_or_is_misspelt_is_refused_in_words(account: Account) -> None:
    for form in ("cloudformation", "terraform"):
        packaged = account.run("chalice", "package", "--pkg-format", form, "--stage", "dev", "out")
        assert packaged.returncode == 2
        assert "cannot be packaged" in packaged.stderr
        assert "Traceback" not in packaged.stderr
    made = account.run("chalice", "generate-pipeline", "-i", "image", "pipeline.json")
    assert made.returncode == 0, made.stderr  # Chalice asks no app; what its pipeline runs is refused
    assert "chalice package" in (account.project / "pipeline.json").read_text()
    hidden = account.project / "hidden"
    (hidden / "boto3").mkdir(parents=True)
    (hidden / "boto3" / "__init__.py").write_text("raise ModuleNotFoundError('boto3', name='boto3')")
    bare = account.deploy(PYTHONPATH=str(hidden))
    assert (bare.returncode, "Traceback" in bare.stderr) == (2, False)
    assert "has no boto3" in bare.stderr
    config = account.project / ".chalice" / "config.json"
    config.write_text(config.read_text().replace('"STAGE": "dev"', '"STAGE": "dev", "INPUT_PREFX": "in/"'))
    misspelt = account.deploy()
    assert misspelt.returncode == 2
    assert "INPUT_PREFX is no setting: do you mean INPUT_PREFIX?" in misspelt.stderr


def test_chalice_delete_alone_takes_no_data(account: Account) -> None:
    assert account.deploy().returncode == 0
    kinds = ("bucket", "table", "queue", "topic", "secret", "stack")
    before = find(account.session, "sluice-dev", *kinds)
    result = account.run("chalice", "delete", "--stage", "dev")
    assert result.returncode == 0, result.stderr
    assert find(account.session, "sluice-dev", *kinds) == before
    assert not find(account.session, "sluice-dev", "function")
    assert account.destroy().returncode == 0
    assert not find(account.session, "sluice-dev")
