"""What can happen to each handler: together these make every AWS call that its code can make."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import boto3

import app
from tests.support.builders import job, sqs_event
from tests.support.scenarios.first import (
    a_first_move_copies_what_no_xml_names,
    a_first_repair_copies_what_no_xml_names,
    secrets_are_read,
)
from tests.support.scenarios.landing import (
    a_newer_upload_gets_in_between,
    an_object_cannot_be_read,
    files_are_parked,
    files_start_jobs,
    headers_are_checked,
    objects_vanish,
    repairs_fail_too,
    the_config_breaks,
    the_landing_lane_is_repaired,
    the_last_good_config_serves,
)
from tests.support.scenarios.ndjson import (
    a_release_overtakes,
    batches_are_repaired,
    batches_fill,
    ends_are_asked_for,
    forget_wiring,
    glue_runs_end,
    lost_arrivals_are_found,
    ndjson_files_arrive,
)
from tests.support.scenarios.operators import (
    an_operator_acts,
    files_come_back,
    refused_objects_are_explained,
    the_api_is_asked,
    what_ended_is_started_again,
)
from tests.support.scenarios.runs import executions_end
from tests.support.world import World

Scenario = Callable[[World], None]


def through_the_queue(scenario: Scenario) -> Scenario:
    """Have the files of a landing scenario brought by the queue of discovered files."""

    def consume(event: Any, _context: Any) -> list[dict[str, Any]]:
        app.csv_discovered(sqs_event(event), None)
        return [{}]

    def brought(world: World) -> None:
        with patch.object(app, "object_created", consume), patch.dict(os.environ, {"S3_PREFIX": "data/"}):
            forget_wiring()
            scenario(world)
        forget_wiring()

    return brought


def csv_files_are_discovered(world: World) -> None:
    """A first scan runs, and one that finds a change."""
    world.upload("incoming/shop/orders.csv")
    app.discover_csv({}, None)
    world.upload("incoming/shop/orders.csv", b"changed")
    app.discover_csv({}, None)


def tables_get_manifests(world: World) -> None:
    """A table's manifest is created, and replaced."""
    world.upload("lake/orders/1.csv")
    app.write_table_manifests({}, None)
    world.upload("lake/orders/2.csv")
    the_last_good_config_serves(world, lambda: app.write_table_manifests({}, None))


def files_are_expected(world: World) -> None:
    """A file that is late, and a job that is switched off."""
    hourly = job(expected={"every_hours": 1, "grace_minutes": 0})
    world.configure([hourly])
    app.watch_expected({}, None)
    boto3.client("dynamodb").update_item(
        TableName="sluice-local-tracking",
        Key={"date_prefix": {"S": "EXPECTED#"}, "file_name": {"S": hourly["job_id"]}},
        UpdateExpression="SET since = :since",
        ExpressionAttributeValues={":since": {"S": "2026-01-01T00:00:00Z"}},
    )
    app.watch_expected({}, None)
    world.configure([{**hourly, "is_active": False}])
    app.watch_expected({}, None)
    the_last_good_config_serves(world, lambda: app.watch_expected({}, None))


FILES_LAND: list[Scenario] = [
    files_start_jobs,
    files_are_parked,
    headers_are_checked,
    a_newer_upload_gets_in_between,
    objects_vanish,
    the_config_breaks,
    an_object_cannot_be_read,
    a_first_move_copies_what_no_xml_names,
]
SCENARIOS: dict[str, list[Scenario]] = {
    "object_created": FILES_LAND,
    "ndjson_arrived": [ndjson_files_arrive, batches_fill, a_release_overtakes],
    "csv_discovered": [through_the_queue(scenario) for scenario in FILES_LAND],
    "discover_csv": [csv_files_are_discovered],
    "execution_changed": [executions_end],
    "glue_run_changed": [glue_runs_end],
    "write_table_manifests": [tables_get_manifests],
    "watch_expected": [files_are_expected],
    "reconcile": [
        the_landing_lane_is_repaired,
        repairs_fail_too,
        batches_are_repaired,
        lost_arrivals_are_found,
        ends_are_asked_for,
        a_first_repair_copies_what_no_xml_names,
    ],
    "api_handler": [
        the_api_is_asked,
        an_operator_acts,
        what_ended_is_started_again,
        files_come_back,
        refused_objects_are_explained,
    ],
    "authorize": [secrets_are_read],
}
