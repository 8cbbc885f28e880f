"""A state document that S3 does not give out, and scans that end: told wherever scans are shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import StateError
from chalicelib.status import discovery
from tests.support.api import Api
from tests.support.aws_calls import failing
from tests.support.lanes.scans import LAST_SCAN_KEY, STATE_KEY, Scans

A = "incoming/a/x.csv"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDenied", "let Sluice read it"),
        ("InvalidObjectState", "restore it if it is archived"),
        ("SlowDown", "the next scan tries again"),
    ],
)
def test_a_state_that_s3_does_not_give_out_is_told_wherever_scans_are_shown(
    scans: Scans, code: str, advice: str
) -> None:
    scans.scan()
    assert Api().get("/summary").body["last_scan"]["outcome"] == "complete"
    with failing("GetObject", code, 403, STATE_KEY):
        told = f"{STATE_KEY} cannot be read: GetObject was answered with {code}.*{advice}"
        with pytest.raises(StateError, match=told):
            scans.scan()
        scan = Api().get("/summary").body["last_scan"]
        shown = Api().get("/discovery").body
    assert (scan["outcome"], scan["overdue"]) == ("failed", False)
    assert code in scan["error"]
    assert code in shown["fault"]
    assert shown["last_scan"] == scan


def test_a_scan_that_aws_ends_is_told_as_failed(scans: Scans) -> None:
    scans.scan()
    scans.upload(A)
    with failing("PutObject", "AccessDenied", 403, STATE_KEY), pytest.raises(ClientError):
        scans.scan()
    assert Api().get("/summary").body["last_scan"]["error"] == "PutObject was answered with AccessDenied"


def test_a_last_scan_that_cannot_be_read_or_is_old_says_so(
    scans: Scans, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans.scan()
    with failing("GetObject", "AccessDenied", 403, LAST_SCAN_KEY):
        scan = Api().get("/summary").body["last_scan"]
    assert (scan["outcome"], "AccessDenied" in scan["error"]) == ("unknown", True)
    monkeypatch.setattr(discovery, "OVERDUE", timedelta(seconds=-60))
    assert Api().get("/summary").body["last_scan"]["overdue"] is True
