"""Near misses: which jobs are close to a name, in what they differ, and that the search stays cheap."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chalicelib.landing.jobs import Job
from chalicelib.status.near_misses import near_misses


def _jobs(*names: str) -> tuple[Job, ...]:
    return tuple(Job(f"J{number}", "j", name, "t", ("id",), True) for number, name in enumerate(names))


@pytest.mark.parametrize(
    ("name", "expected", "differs"),
    [
        ("customer.csv", "customers.csv", "'s' is missing after 'customer'"),
        ("customerss.csv", "customers.csv", "'s' is too much"),
        ("order_2026-11-27.csv", "orders_*.csv", "'orders_*.csv': 's' is missing after 'order'"),
        ("orders_20261127.cvs", "orders_*.csv", "'orders_*.csv': "),
        ("orders-20261127.csv", "orders_*.csv", "'_' is missing after 'orders'"),
    ],
)
def test_what_differs_is_said(name: str, expected: str, differs: str) -> None:
    (miss,) = near_misses(f"data/in/{name}", _jobs(expected, "zzz.parquet"))
    assert miss.source_file_name == expected
    assert differs in miss.differs


def test_a_star_is_no_letter() -> None:
    (miss,) = near_misses("order_1234567890.csv", _jobs("orders_*.csv"))
    assert miss.similarity > 0.9
    assert "*" not in miss.differs.partition(": ")[2]


@pytest.mark.parametrize("names", [("zebra.parquet",), ("a*",), ()])
def test_what_is_not_close_is_no_near_miss(names: Any) -> None:
    assert near_misses("customers.csv", _jobs(*names)) == []


def test_the_closest_of_thousands_is_found() -> None:
    jobs = _jobs(*(f"orders_{number:05}.csv" for number in range(10_000)))
    assert near_misses("order_07123.csv", jobs)[0].source_file_name == "orders_07123.csv"


def test_a_hundred_names_against_two_thousand_similar_jobs_cost_no_seconds() -> None:
    jobs = _jobs(*(f"daily_orders_export_{number}_*.csv" for number in range(2000)))
    began = time.process_time()
    for number in range(100):
        near_misses(f"daily_order_export_{number}_x.csv", jobs)
    assert time.process_time() - began < 5, "it was 19 seconds of comparing every job with every name"
