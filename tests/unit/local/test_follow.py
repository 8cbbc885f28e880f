"""What `make run` tells of a function's line: one short line for each outcome, alert and end of a run."""

from __future__ import annotations

import json

import pytest

from ops.local.follow import WIDTH, Line, told


def line(**fields: object) -> Line:
    return Line(1_764_000_000_000, "object_created", json.dumps(fields))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message": "outcome", "outcome": "triggered", "key": "data/in/a.csv"}, "triggered"),
        ({"message": "file tracked", "outcome": "pending", "key": "in/a.ndjson"}, "pending"),
        ({"message": "run ended", "outcome": "succeeded", "key": "data/in/a.csv"}, "succeeded"),
        ({"message": "failed", "key": "data/in/a.csv"}, "failed"),
        ({"message": "alert", "subject": "Inactive Job: products.csv"}, "Inactive Job: products.csv"),
    ],
)
def test_outcomes_alerts_and_runs_are_told(fields: dict[str, str], says: str) -> None:
    assert says in told(line(**fields))
    assert fields.get("key", "") in told(line(**fields))


@pytest.mark.parametrize("text", ["START RequestId: 1", "[1]", '{"message": "metrics"}', "{"])
def test_all_else_is_left_to_the_logs(text: str) -> None:
    assert told(Line(0, "object_created", text)) == ""


def test_a_repeat_of_an_end_is_not_told_again() -> None:
    assert told(line(message="run ended", outcome="succeeded", key="a", repeated=True)) == ""


def test_no_line_is_wider_than_a_terminal_and_the_file_name_stays() -> None:
    text = told(line(message="outcome", outcome="received", key=f"{'k' * 900}/name.csv"))
    assert len(text) == WIDTH
    assert text.endswith("/name.csv")


def test_a_key_cannot_forge_a_line() -> None:
    assert "\n" not in told(line(message="outcome", outcome="received", key="a\n12:00:00  triggered"))
