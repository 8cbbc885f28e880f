"""A deploy as it goes to AWS, with nothing done otherwise: to moto, its API to LocalStack.

moto runs no function and keeps no dead-letter queue of one; what is deployed is compared, not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from ops.teardown.inventory import find
from tests.integration.test_deploy import (
    CHANGES_OF_ANY_DEPLOY,
    test_chalice_delete_alone_takes_no_data,
    test_the_deployers_policy_allows_every_call_of_deploy_and_destroy,
    test_what_the_app_no_longer_declares_is_removed_whatever_a_record_says,
)
from tests.proof.emulators import localstack, moto
from tests.support.account import READS, Account, noting_calls
from tests.support.deployed import copy_project
from tests.support.iam import handlers

__all__ = [
    "test_chalice_delete_alone_takes_no_data",
    "test_the_deployers_policy_allows_every_call_of_deploy_and_destroy",
    "test_what_the_app_no_longer_declares_is_removed_whatever_a_record_says",
]
CHANGES_HERE = {
    "PutRestApi",
    "UpdateFunctionConfiguration",  # moto forgets a function's dead-letter queue
    "UpdateStage",  # LocalStack forgets a stage's settings when it deploys; AWS keeps them (believed)
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an API Gateway that imports a document."""
    with localstack(tmp_path_factory.mktemp("localstack")) as address:
        yield address


@pytest.fixture
def account(tmp_path: Path, gateway: str) -> Iterator[Account]:
    """Start an empty account whose addresses a deploy does not take for an emulator's."""
    with moto(tmp_path) as address:
        endpoints = {"AWS_ENDPOINT_URL": address, "AWS_ENDPOINT_URL_API_GATEWAY": gateway}
        account = Account(0, copy_project(tmp_path / "project"), endpoints)
        yield account
        gateways = account.session.client("apigateway")
        for api in gateways.get_rest_apis()["items"]:
            gateways.delete_rest_api(restApiId=api["id"])


def test_a_stage_is_made_whole_made_again_without_a_change_and_taken_away(account: Account) -> None:
    first = account.deploy()
    assert first.returncode == 0, first.stderr
    assert "Page            https://" in first.stdout
    made = account.snapshot()
    assert len(made["functions"]) == len(made["roles"]) - 1 == len(handlers())  # the state machine's role
    assert [mapping[-1] for mapping in made["mappings"]] == [["ReportBatchItemFailures"]] * 2
    gateways = account.session.client("apigateway")
    (api,) = gateways.get_rest_apis()["items"]
    paths = {each["path"] for each in gateways.get_resources(restApiId=api["id"], limit=100)["items"]}
    assert app.app.routes.keys() <= paths
    assert [each["name"] for each in gateways.get_authorizers(restApiId=api["id"])["items"]] == ["authorize"]

    log = account.project / "calls.log"
    second = account.deploy(**noting_calls(log))
    assert second.returncode == 0, second.stderr
    assert account.snapshot() == made
    calls = {line.split()[1] for line in log.read_text().splitlines()}
    changes = {each for each in calls if not each.startswith(READS)}
    assert changes <= CHANGES_OF_ANY_DEPLOY | CHANGES_HERE

    for _ in range(2):
        gone = account.destroy("--delete-data")
        assert (gone.returncode, gone.stderr) == (0, "")
        assert "Nothing named sluice-dev" in gone.stdout
        assert not find(account.session, "sluice-dev")
