"""What docs/security.md claims of the functions' policies, and that what it names as proof exists."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.settings import Settings
from ops.stages import LOCAL, ROOT, Target, environment_of, load_stage
from tests.support.iam import allows, handlers, policy_of


@pytest.mark.parametrize("stage", [LOCAL, "dev", "prod"])
def test_no_function_may_do_anything_to_everything(stage: str) -> None:
    environment = environment_of(load_stage(stage), Target("123456789012", "eu-west-1"))
    settings = Settings.from_environ(environment)
    statements = [
        (name, statement) for name in handlers() for statement in policy_of(name, settings)["Statement"]
    ]
    assert statements
    assert [each for each in statements if "*" in each[1]["Resource"]] == []
    assert [each for each in statements if any("*" in action for action in each[1]["Action"])] == []


@pytest.mark.parametrize("stage", [LOCAL, "dev", "prod"])
def test_no_function_may_write_the_job_config_and_only_discovery_its_state(stage: str) -> None:
    environment = environment_of(load_stage(stage), Target("123456789012", "eu-west-1"))
    settings = Settings.from_environ(environment)
    config = f"arn:aws:s3:::{settings.landing_bucket}/{settings.config_key}"
    state = f"arn:aws:s3:::{settings.s3_state_bucket}/{settings.s3_state_key}"
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert [name for name in handlers() if allows(policy_of(name, settings), action, config)] == []
    assert [name for name in handlers() if allows(policy_of(name, settings), "s3:PutObject", state)] == [
        "discover_csv"
    ]


WRITES = ("s3:DeleteObject", "s3:PutObject")
IN, SCANNED, PARKED, REJECTED = "data/in/", "incoming/", "data/new_files/", "data/rejected/"
IDLE, DONE = "data/idle/", "archive/"
MAY_PUT = {  # into the landing bucket; what else a handler may put there is one named document
    "object_created": {PARKED, IDLE, REJECTED},
    "csv_discovered": {PARKED, IDLE, REJECTED},
    "execution_changed": {DONE},
    "reconcile": {PARKED, IDLE, REJECTED, DONE, "quarantine/"},
    "api_handler": {IN, SCANNED, PARKED, IDLE, REJECTED, DONE},
    "write_table_manifests": {"manifests/tables/"},
}


def test_what_may_be_written_where_files_land_is_what_the_code_writes_there() -> None:
    prefixes = {"INACTIVE_PREFIX": IDLE, "ARCHIVE_PREFIX": DONE}
    environment = environment_of(load_stage("prod"), Target("123456789012", "eu-west-1"))
    settings = Settings.from_environ({**environment, **prefixes})
    put, deleted = (
        {name: _prefixes(policy_of(name, settings), action, settings.landing_bucket) for name in handlers()}
        for action in ("s3:PutObject", "s3:DeleteObject")
    )
    assert {name: found for name, found in put.items() if found} == MAY_PUT
    theirs = {IN, SCANNED, PARKED, IDLE, REJECTED, DONE, "quarantine/"}
    assert {name for name, found in deleted.items() if found} == MAY_PUT.keys() - {"write_table_manifests"}
    assert all(found <= theirs for found in deleted.values())
    assert deleted["object_created"] == {IN, PARKED, IDLE, REJECTED, DONE}
    for key in ("private/payroll.csv", "config/other.json", "manifests/x", "state/processed_files.json"):
        arn = f"arn:aws:s3:::{settings.landing_bucket}/{key}"
        assert [(n, a) for n in handlers() for a in WRITES if allows(policy_of(n, settings), a, arn)] == []


def _prefixes(policy: dict[str, Any], action: str, bucket: str) -> set[str]:
    """Return the prefixes of a bucket below which a policy allows an action."""
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow" and action in each["Action"]]
    found = {resource for each in allowed for resource in each["Resource"]}
    own = {one.removeprefix(f"arn:aws:s3:::{bucket}/") for one in found if one.split("/")[0].endswith(bucket)}
    return {one.removesuffix("*") for one in own if one.endswith("*")}


def test_of_a_bucket_of_its_own_discoverys_files_alone_may_be_reached() -> None:
    environment = environment_of(load_stage("dev"), Target("123456789012", "eu-west-1"))
    settings = Settings.from_environ({**environment, "S3_SOURCE_BUCKET": "partner-drop"})
    reached = {
        resource
        for name in handlers()
        for statement in policy_of(name, settings)["Statement"]
        for resource in statement["Resource"]
        if resource.startswith("arn:aws:s3:::partner-drop/")
    }
    prefixes = {"incoming/", *settings.own_outputs} - {"", "manifests/", "state/"}
    assert reached == {f"arn:aws:s3:::partner-drop/{prefix}*" for prefix in prefixes}


@pytest.mark.parametrize("name", ["security.md", "deploy.md", "reliability.md"])
def test_every_proof_that_a_page_names_exists(name: str) -> None:
    kinds = "unit|functional|hostile|faults|integration|package|proof"
    named = re.findall(rf"`((?:{kinds})/[\w/]+\.py)`", (ROOT / "docs" / name).read_text())
    assert len(named) > 20 or name == "reliability.md"
    assert [path for path in named if not (ROOT / "tests" / path).is_file()] == []


def test_every_part_of_the_page_on_deploys_says_what_holds_it_or_that_it_is_believed() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    *parts, last = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert last == "What holds this page"
    rows = re.findall(r"^\| (.+?) \|(.+?)\|(.*?)\|$", page.partition(f"## {last}")[2], re.MULTILINE)
    assert [row[0] for row in rows[1:] if row[1].strip() or row[2].strip()] == parts


def test_every_claim_of_the_page_on_security_names_its_test() -> None:
    held = (ROOT / "docs" / "security.md").read_text().partition("## What is held")[2].partition("\n## ")[0]
    claims = re.findall(r"^\| .+ \| (.+) \|$", held, re.MULTILINE)[1:]
    assert len(claims) > 30
    assert [each for each in claims if "/" not in each] == []


def test_every_part_of_the_page_on_security_names_a_test() -> None:
    parts = (ROOT / "docs" / "security.md").read_text().split("\n## ")[1:]
    assert [part.splitlines()[0] for part in parts if "/test_" not in part] == []
