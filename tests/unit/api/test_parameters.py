"""Query parameters: what is accepted, and what every refusal says."""

from __future__ import annotations

import pytest

from chalicelib.api.parameters import read_choice, read_date, read_key, read_limit, read_parameters
from chalicelib.errors import RequestError


@pytest.mark.parametrize("text", ["1", "50", "100", "007"])
def test_limits_from_1_to_100_are_accepted(text: str) -> None:
    assert read_limit({"limit": text}) == int(text)


def test_without_a_limit_it_is_50() -> None:
    assert read_limit({}) == 50


@pytest.mark.parametrize(
    "text", ["0", "101", "-1", "", " 5", "5 ", "ten", "1e1", "\u0665", "5.0", "9" * 5000]
)
def test_other_limits_are_refused_naming_what_is_accepted(text: str) -> None:
    with pytest.raises(RequestError, match=r"limit=.*from 1 to 100"):
        read_limit({"limit": text})


@pytest.mark.parametrize("text", ["2026-11-21", "2024-02-29", "0001-01-01"])
def test_calendar_dates_are_accepted(text: str) -> None:
    assert read_date({"date": text}, "2026-01-01") == text


def test_without_a_date_it_is_the_default() -> None:
    assert read_date({}, "2026-01-01") == "2026-01-01"


@pytest.mark.parametrize(
    "text",
    ["", "2026-02-30", "2025-13-45", "20261121", "2026-W01-1", "today", "2026-11-21\n", "2026-11-2\u0661"],
)
def test_other_dates_are_refused_naming_the_form(text: str) -> None:
    with pytest.raises(RequestError, match=r"date=.*YYYY-MM-DD"):
        read_date({"date": text}, "2026-01-01")


def test_a_choice_is_one_of_those_named() -> None:
    assert read_choice({"status": "failed"}, "status", ["failed", "received"]) == "failed"
    assert read_choice({}, "status", ["failed"]) == ""
    with pytest.raises(RequestError, match=r"status='Failed'.*failed, received"):
        read_choice({"status": "Failed"}, "status", ["failed", "received"])


def test_unknown_parameters_are_refused_naming_the_known() -> None:
    with pytest.raises(RequestError, match=r"'stats'.*it takes date, status"):
        read_parameters({"stats": ["failed"]}, "date", "status")
    with pytest.raises(RequestError, match=r"it takes none"):
        read_parameters({"x": ["1"]})


def test_an_empty_parameter_is_one_that_was_not_given() -> None:
    assert read_parameters({"date": [""], "status": ["failed"]}, "date", "status") == {"status": "failed"}


def test_repeated_parameters_are_refused() -> None:
    with pytest.raises(RequestError, match=r"key was given 2 times"):
        read_parameters({"key": ["a", "b"]}, "key")


@pytest.mark.parametrize(
    "key", ["a", " leading and trailing ", "a+b%41", "../x", "<script>", "\n", "ü" * 512]
)
def test_keys_are_taken_as_they_are(key: str) -> None:
    assert read_key({"key": key}) == key


@pytest.mark.parametrize(("key", "says"), [("", "missing"), ("x" * 1025, "1025 bytes"), ("ü" * 513, "1026"),
                                           ("\ud800", "Unicode")])  # fmt: skip
def test_keys_that_s3_cannot_hold_are_refused(key: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        read_key({"key": key})
