"""The page in a real browser, on the deployed zip, with files of every kind to show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.aws.items import to_item
from chalicelib.aws.tracking_keys import EXPECTED
from chalicelib.expected.due import DEFAULT_GRACE_MINUTES
from chalicelib.expected.state import stamp, text_of
from tests.support.browser import Page, start_chromium
from tests.support.builders import SEED_JOBS, job
from tests.support.deployed import DeployedSluice

MARKUP = "data/in/<img src=x onerror=alert(1)>.csv"
HOSTILE = [
    MARKUP,
    "data/in/new\nline.csv",
    "data/in/\u202egpj.csv",
    "data/in/a+b %41 ünï✓.csv",
    f"data/in/{'k' * 1000}",
]
STRICT = job(job_id="STRICT", source_file_name="strict.csv", columns=["id"], expected={"every_hours": 24})
NIGHTLY = job(job_id="NIGHTLY", source_file_name="nightly.csv", expected={"every_hours": 24})
JOBS = [*SEED_JOBS, STRICT, NIGHTLY]
REJECTED = "data/in/strict.csv"
BROKEN = "events/2026-01-15/broken.ndjson"
NOT_JSON = b"not json\n" * 30_000


@pytest.fixture(scope="session")
def sluice(stack: DeployedSluice) -> DeployedSluice:
    """Configure jobs and upload files for the page to show."""
    s3, landing = stack.client("s3"), stack.names["LANDING_BUCKET"]
    s3.put_object(Bucket=landing, Key="config/config.json", Body=json.dumps(JOBS).encode())
    s3.put_object(Bucket=landing, Key=REJECTED, Body=b"id,town\n1,Paris\n")
    for key in HOSTILE:
        s3.put_object(Bucket=landing, Key=key, Body=b"<script>alert(2)</script>\n")
    for number in range(60):
        s3.put_object(Bucket=landing, Key=f"page/{number:02}.txt", Body=b"1")
    s3.put_object(Bucket=stack.names["NDJSON_BUCKET"], Key=BROKEN, Body=NOT_JSON)
    be_late(stack, datetime.now(UTC).replace(hour=0, minute=0, second=0))
    return stack


def be_late(stack: DeployedSluice, at: datetime) -> None:
    """Leave what `watch_expected` leaves when the file of `NIGHTLY` has not come by a time and its grace."""
    due = at - timedelta(minutes=DEFAULT_GRACE_MINUTES)
    watched = {
        "expectation": text_of(NIGHTLY["expected"]),
        "since": stamp(due - timedelta(hours=24)),
        "due": stamp(due),
        "state": "late",
        "used": stamp(due - timedelta(hours=24)),
    }
    item = to_item({"date_prefix": EXPECTED, "file_name": NIGHTLY["job_id"], **watched, "revision": 1})
    stack.client("dynamodb").put_item(TableName=stack.names["TRACKING_TABLE"], Item=item)


@pytest.fixture(scope="session")
def page(sluice: DeployedSluice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    browser = start_chromium(tmp_path_factory.mktemp("profile"))
    yield Page(browser, f"{sluice.stack.api_url}/")
    browser.quit()


@pytest.fixture(autouse=True)
def quiet_console(page: Page) -> Iterator[None]:
    """Fail a test that leaves anything in the console."""
    page.errors()
    yield
    assert page.errors() == []


@pytest.fixture
def visitor(page: Page) -> Page:
    """Open the page signed out, whatever the test before it did."""
    page.browser.get("about:blank")
    page.open()
    page.browser.execute_script("sessionStorage.clear()")
    page.open()
    return page


@pytest.fixture
def operator(visitor: Page) -> Page:
    visitor.sign_in("local-operator")
    return visitor
