"""Discovery when its time ends before the listing does."""

from __future__ import annotations

import pytest

from chalicelib.discovery import listing
from tests.faults.dying import Process, running
from tests.support.lanes.scans import LambdaContext, Scans, pages_of

A, B, C = (f"incoming/{folder}/x.csv" for folder in "abc")


def test_without_time_every_scan_does_a_page_and_the_next_goes_on_from_there(scans: Scans) -> None:
    keys = [f"incoming/{folder}/{name}.csv" for folder in ("a", "b", "b-c", "d") for name in "xy"]
    scans.upload(*keys, "incoming/a/no.txt", "incoming/c/zzz.txt", "incoming/e/deep/x.csv")
    results = scans.scan_to_the_end(lambda: LambdaContext(0))
    assert [result["statusCode"] for result in results] == [200] * len(results)
    assert len(results) > 3
    assert sum(result["queued"] for result in results) == 8
    assert scans.queued_keys() == sorted(keys)
    assert list(scans.recorded()) == sorted(keys)
    assert "resume_after" not in scans.state()


def test_a_scan_that_goes_on_leaves_what_lies_before_unread(scans: Scans) -> None:
    scans.upload(A, B, C)
    assert scans.scan(LambdaContext(0))["complete"] is False
    assert scans.state()["resume_after"] == A
    scans.delete(A)
    result = scans.scan()
    assert (result["queued"], result["removed"], result["complete"]) == (2, 0, True)
    assert scans.scan()["removed"] == 1
    assert list(scans.recorded()) == [B, C]


@pytest.mark.parametrize("left", range(12))
def test_wherever_the_time_ends_in_a_large_folder_nothing_is_skipped_or_doubled(
    scans: Scans, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "KEYS_BETWEEN_CLOCKS", 2)
    keys = [f"incoming/a/{number:02}.csv" for number in range(25)]
    scans.upload(*keys, "incoming/a/07/x.csv")
    scans.put_state(scans.document(*(key for key in keys if not key.endswith("5.csv"))))
    with running(Process(pages_of(5))):
        results = scans.scan_to_the_end(lambda: LambdaContext(left))
    assert len(results) > 1
    assert scans.queued_keys() == [key for key in keys if key.endswith("5.csv")]
    assert list(scans.recorded()) == keys


def test_a_place_to_go_on_from_under_another_prefix_is_forgotten(scans: Scans) -> None:
    scans.upload(A)
    scans.put_state(scans.document(resume_after="outgoing/z/x.csv"))
    assert scans.scan()["queued"] == 1
    assert "resume_after" not in scans.state()


def test_a_larger_state_needs_an_earlier_end(scans: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
    scans.upload(A, B)
    monkeypatch.setattr("chalicelib.discovery.scan.STATE_BYTES_PER_MARGIN_SECOND", 10)
    scans.put_state(scans.document("incoming/0/" + "x" * 1000 + ".csv"))
    assert scans.scan(LambdaContext(999))["complete"] is False
