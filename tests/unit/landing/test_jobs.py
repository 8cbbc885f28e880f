"""The job config: matching as the seed shows it, and every fault at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import ConfigError
from chalicelib.landing.entries import parse_jobs
from chalicelib.landing.jobs import Jobs
from tests.support.builders import SEED_JOBS, job


def _jobs(*entries: dict[str, Any]) -> Jobs:
    return parse_jobs(json.dumps(entries).encode(), "v1")


def _faults(document: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_jobs(document if isinstance(document, bytes) else json.dumps(document).encode(), "v1")
    assert caught.value.version == "v1"
    return caught.value.faults


@pytest.mark.parametrize(
    ("key", "job_id"),
    [
        ("customers.csv", "JOB001"),
        ("Customers.CSV", "JOB001"),
        ("data/in/customers.csv", "JOB001"),
        ("data/in/ customers.csv ", "JOB001"),
        ("data/in/orders.csv", "JOB002"),
        ("data/in/customer.csv", None),
        ("new_file.csv", None),
        ("data/in/customers.csv/", None),
    ],
)
def test_a_file_matches_by_its_normalized_name(key: str, job_id: str | None) -> None:
    found = _jobs(*SEED_JOBS).find_matching_job(key)
    assert (found.job_id if found else None) == job_id


@pytest.mark.parametrize(
    ("name", "job_id"),
    [
        ("orders_2026.csv", "long"),
        ("orders_1.csv", "exact"),
        ("orders.csv", "short"),
        ("data[1].csv", "brackets"),
        ("data1.csv", "brackets"),
        ("x.parquet", None),
        ("._orders_2026.csv", None),  # as in a shell, no wildcard stands for a dot at the beginning
        (".Trash-1", "hidden"),
        ("cafe\u0301_1.csv", "decomposed"),  # Unicode has two forms of one word
        ("caf\u00e9_1.csv", "decomposed"),
        ("cre\u0300me.csv", "composed"),
    ],
)
def test_exact_names_win_then_the_longest_literal_part(name: str, job_id: str | None) -> None:
    jobs = _jobs(
        job(job_id="short", source_file_name="*.csv"),
        job(job_id="long", source_file_name="Orders_*.csv"),
        job(job_id="exact", source_file_name="folder/orders_1.csv"),
        job(job_id="brackets", source_file_name="data[1].csv"),
        job(job_id="hidden", source_file_name=".trash*"),
        job(job_id="decomposed", source_file_name="cafe\u0301_*.csv"),
        job(job_id="composed", source_file_name="cr\u00e8me.csv"),
    )
    found = jobs.find_matching_job("data/in/" + name)
    assert (found.job_id if found else None) == job_id


def test_unknown_fields_are_kept() -> None:
    (only,) = _jobs(job(owner="data team")).all
    assert only.extra == {"owner": "data team"}


def test_an_empty_list_is_a_valid_config() -> None:
    assert _jobs().all == ()


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_said_to_be(text: bytes) -> None:
    assert "not JSON" in _faults(text)[0]


def test_what_it_is_instead_is_said_in_the_words_of_json() -> None:
    assert _faults({}) == ["the config must be a list of job definitions, it is an object"]
    kinds = [fault.rpartition("; it is ")[2] for fault in _faults([1, 2.5, "x", [], None, True])]
    assert kinds == ["a number", "a number", "a text", "a list", "null", "true or false"]


@pytest.mark.parametrize("document", [{}, "jobs", None, 7, {"jobs": []}])
def test_what_is_not_a_list_is_said_to_be(document: Any) -> None:
    assert "must be a list" in _faults(document)[0]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"job_id": 1}, "[0].job_id is 1: must be a text"),
        ({"job_name": " "}, "[0].job_name is ' ': must be a text that is not empty"),
        ({"source_file_name": "folder/"}, "[0].source_file_name is 'folder/': must end in a file name"),
        ({"target_table": None}, "[0].target_table is None: must be a text"),
        ({"upsert_keys": "id"}, "[0].upsert_keys is 'id': must be a list of column names"),
        ({"upsert_keys": ["id", 2]}, "[0].upsert_keys is ['id', 2]: must be a list of column names"),
        ({"is_active": 1}, "[0].is_active is 1: must be true or false"),
        ({"upsert_keys": ["k" * 1000] * 200}, "[0] is larger than 131072 bytes"),
    ],
)
def test_a_fault_names_index_field_value_and_fix(changes: dict[str, Any], fault: str) -> None:
    (only,) = _faults([job(**changes)])
    assert only.startswith(fault)


def test_every_fault_is_reported_at_once() -> None:
    twin = job(job_id="A", source_file_name="x/CUSTOMERS.csv")
    text = "\n".join(_faults([job(is_active="yes", job_id=""), "text", {}, job(job_id="A"), twin]))
    expected = [
        "[0].is_active",
        "[0].job_id",
        "[1] must be an object",
        "[2].upsert_keys is missing",
        "[4].job_id is 'A': [3] has it already",
        "[4].source_file_name is 'x/CUSTOMERS.csv': [0] has it",
    ]
    assert [part for part in expected if part not in text] == []
