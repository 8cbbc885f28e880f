"""The fields of a job: what each may be, what is told of those that are wrong, in the order of the file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.errors import ConfigError
from chalicelib.landing.entries import FIELDS, MAX_TEXT, REQUIRED, parse_jobs
from ops.stages import ROOT
from tests.support.builders import job

SCHEMA = json.loads((ROOT / "docs" / "contracts" / "job-config.schema.json").read_text())
MACHINES = ("small", "large")
BY = {"by": "06:30", "timezone": "Europe/Berlin", "days": ["mon", "fri"], "grace_minutes": 15}
RIGHT: list[dict[str, Any]] = [
    {},
    {"owner": "sales", "_comment": "x", "$schema": "y", "priority": 5},
    {"state_machine": "small", "max_retries": 5},
    {"columns": ["id", "name"], "delimiter": ";"},
    {"columns": ["id"], "delimiter": "\t"},
    {"expected": BY},
    {"expected": {"by": "23:59"}},
    {"expected": {"every_hours": 24, "grace_minutes": 0}},
]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"is_active": 1}, "[0].is_active is 1: must be true or false"),
    ({"max_retries": 6}, "[0].max_retries is 6: must be a whole number from 0 to 5"),
    ({"max_retries": True}, "[0].max_retries is True: must be a whole number"),
    ({"columns": []}, "[0].columns is []: must name at least one column"),
    ({"columns": ["a", "a"]}, "must name each column once"),
    ({"columns": ["a", ""]}, "must be a list of column names"),
    ({"columns": ["a"], "delimiter": ";;"}, "must be one character, neither a quote nor a line end"),
    ({"columns": ["a"], "delimiter": "\n"}, "must be one character, neither a quote nor a line end"),
    ({"delimiter": ";"}, "[0].delimiter goes with columns, which are missing"),
    ({"expected": {}}, 'must be an object with either "by", a time of day, or "every_hours"'),
    ({"expected": {"by": "06:30", "every_hours": 1}}, "with either"),
    ({"expected": {"by": "24:00"}}, "by must be a time of day, 00:00 to 23:59"),
    ({"expected": {"by": "06:30", "days": ["monday"]}}, "days must list some of mon, tue"),
    ({"expected": {"by": "06:30", "days": []}}, "days must list some of mon, tue"),
    ({"expected": {"by": "06:30", "grace_minutes": -1}}, "grace_minutes must be a whole number"),
    ({"expected": {"every_hours": 0}}, "every_hours must be a whole number from 1"),
    ({"expected": {"every_hours": 2, "days": ["mon"]}}, "'days' is not a field of it"),
    ({"job_nam": "x"}, "[0].job_nam is not a field of Sluice: is job_name meant? Rename it"),
    ({"is_activ": False}, "[0].is_activ is not a field of Sluice: is is_active meant? Rename it"),
    ({"jobId": "x"}, "[0].jobId is not a field of Sluice: is job_id meant?"),
    ({"job_name": "x" * (MAX_TEXT + 1)}, "must have at most 1024 characters; it has 1025"),
    ({"job_id": "x" * 257}, "must have at most 256 characters; it has 257"),
]
BEYOND_A_SCHEMA: list[tuple[dict[str, Any], str]] = [
    ({"state_machine": "huge"}, "[0].state_machine is 'huge': STATE_MACHINES names large, small"),
    *(
        ({"expected": {"by": "06:30", "timezone": zone}}, "timezone must be a name of the IANA database")
        for zone in ("Mars/Base", "Europe", "../UTC", "", 7)
    ),
]


OTHER = job(source_file_name="z.csv", columns=[], job_nam=1)


def _faults(text: str, machines: Any = MACHINES) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_jobs(text.encode(), "v1", machines)
    return caught.value.faults


def _fits_schema(document: Any) -> bool:
    return bool(Draft202012Validator(SCHEMA).is_valid(document))


@pytest.mark.parametrize("changes", RIGHT)
def test_what_is_right_is_taken_by_sluice_and_by_the_schema(changes: dict[str, Any]) -> None:
    (only,) = parse_jobs(json.dumps([job(**changes)]).encode(), "v1", MACHINES).all
    assert {**only.extra} == changes
    assert _fits_schema([job(**changes)])


@pytest.mark.parametrize(("changes", "fault"), WRONG + BEYOND_A_SCHEMA)
def test_what_is_wrong_is_told_with_its_fix(changes: dict[str, Any], fault: str) -> None:
    (only,) = _faults(json.dumps([job(**changes)]))
    assert fault in only


@pytest.mark.parametrize(("changes", "fault"), WRONG)
def test_the_schema_refuses_what_sluice_refuses(changes: dict[str, Any], fault: str) -> None:
    if "is not a field of Sluice" not in fault:  # editors complete the right name
        assert not _fits_schema([job(**changes)])


def test_the_schema_knows_every_field_and_which_are_required() -> None:
    entry = SCHEMA["$defs"]["job"]
    assert ({*entry["properties"]}, {*entry["required"]}) == ({*FIELDS}, {*REQUIRED})
    wrapped = {"$schema": "docs/contracts/job-config.schema.json", "jobs": [job()]}
    assert _fits_schema(wrapped)
    assert len(parse_jobs(json.dumps(wrapped).encode(), "v1").all) == 1


def test_without_is_active_a_job_is_inactive() -> None:
    entry = job()
    del entry["is_active"]
    (only,) = parse_jobs(json.dumps([entry]).encode(), "v1").all
    assert only.is_active is False


def test_faults_come_in_the_order_of_the_file_with_their_lines() -> None:
    text = json.dumps([job(is_active=1, job_id=7), {"job_id": "B"}, OTHER], indent=1)
    text = text.replace('"job_name": "customers_etl"', '"job_name": "a",\n  "job_name": "b"', 1)
    faults = _faults(text)
    lines = [int(fault.rpartition("(line ")[2].removesuffix(")")) for fault in faults]
    assert lines == sorted(lines)
    assert [fault.split(" ")[0] for fault in faults] == [
        "[0].job_id",
        "[0].job_name",
        "[0].is_active",
        "[1].job_name",
        "[1].source_file_name",
        "[1].target_table",
        "[1].upsert_keys",
        "[2].columns",
        "[2].job_nam",
    ]
    assert text.split("\n")[lines[0] - 1].strip() == '"job_id": 7,'


def test_a_field_given_twice_is_a_fault_of_its_own_wherever_it_is() -> None:
    assert _faults(
        "[" + json.dumps(job()).replace('"is_active"', '"is_active": false, "is_active"') + "]"
    ) == ["[0].is_active is given twice in one object, first on line 1: keep one of them"]
    wrapped = '{"$schema": "x",\n"jobs": [],\n"jobs": []}'
    assert _faults(wrapped) == [
        "jobs is given twice in one object, first on line 2: keep one of them (line 3)"
    ]


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_a_number_that_no_execution_could_get_is_a_fault(number: str) -> None:
    text = json.dumps([job(limit="LIMIT")]).replace('"LIMIT"', number)
    assert len(_faults(text)) == 1
