"""What reconcile saw settled is not read again for a day, and no document can hide an upload from it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.aws import settled_rows
from chalicelib.aws.settled_rows import KEY, Settled, SettledRows
from tests.faults.dying import Death, Meanwhile, Moment, Nth, calls_of, run
from tests.support.aws_calls import failing
from tests.support.world import World

STATES = "sluice-local-artifacts"
CUSTOMERS, OTHER, LOST = "data/in/customers.csv", "data/in/a/customers.csv", "data/in/lost/customers.csv"
HOUR = timedelta(hours=1)
Later = Callable[[timedelta], None]


def _reconcile() -> dict[str, int]:
    return {name: count for name, count in app.reconcile({}, None)["landing"].items() if count}


def _read_by_next_run() -> list[str]:
    """Run reconcile and return the keys of the uploads whose rows it asked for."""
    calls = calls_of(_reconcile)
    asked = [call.parameters["RequestItems"] for call in calls if call.operation == "BatchGetItem"]
    return sorted(
        key["file_key"]["S"] for tables in asked for table in tables.values() for key in table["Keys"]
    )


def _document(world: World) -> bytes | None:
    try:
        body: bytes = world.s3.get_object(Bucket=STATES, Key=KEY)["Body"].read()
    except world.s3.exceptions.NoSuchKey:
        return None
    return body


def _saw_settled(place: str, secret: Any, hours_ago: int = 0) -> bytes:
    """Return the document of an installation that saw every upload settled, also the lost one."""
    lane, written = app.landing(), list[bytes]()

    class Store:
        name = STATES

        def read_first(self, _key: str, _max_bytes: int) -> None:
            return None

        def put(self, _key: str, body: bytes) -> None:
            written.append(body)

    rows = SettledRows(Store(), secret, place)  # type: ignore[arg-type]  # what it uses of a store
    settled = rows.begin(lane.clock() - timedelta(hours=hours_ago))
    for found in settled.unknown(lane.bucket.list_page("data/in/").objects):
        settled.add(found)
    settled.keep()
    return written[0]


class OtherSecret:
    """The secret that somebody else has."""

    def read(self) -> str:
        return "f" * 64


@pytest.fixture
def settled(world: World, environ: Any, later: Later) -> World:
    """Return a world in which an hour passed since two files were routed; the window is ten days."""
    environ(RECONCILE_WINDOW_SECONDS=str(10 * 86_400))
    world.land(CUSTOMERS)
    world.land(OTHER)
    later(HOUR)
    return world


def test_what_was_seen_settled_is_not_read_by_the_next_run(settled: World) -> None:
    assert _read_by_next_run() == [OTHER, CUSTOMERS]
    document = _document(settled)
    assert document is not None
    assert len(document) == 32 + 3 * 8
    assert _read_by_next_run() == []
    assert _document(settled) == document


def test_an_upload_that_is_lost_beside_settled_ones_is_routed(settled: World) -> None:
    _reconcile()
    settled.upload(LOST)
    assert _reconcile() == {"routed": 1}
    assert settled.row(LOST)["status"] == "triggered"
    assert _read_by_next_run() == [LOST], "seen settled by the run behind the one that routed it"
    assert _read_by_next_run() == []


def test_every_row_is_read_once_a_day(settled: World, later: Later) -> None:
    _reconcile()
    read = []
    for hours in range(2, 26):
        later(hours * HOUR)
        read += _read_by_next_run()
    assert sorted(read) == [OTHER, CUSTOMERS]
    later(49 * HOUR)
    assert _read_by_next_run() == [OTHER, CUSTOMERS], "a document of yesterday tells nothing"


def test_an_upload_whose_row_was_deleted_is_routed_within_a_day(settled: World, later: Later) -> None:
    _reconcile()
    settled.forget_rows()
    for hours in range(2, 26):
        later(hours * HOUR)
        _reconcile()
    assert [row["status"] for row in settled.rows()] == ["triggered", "triggered"]


HOSTILE: dict[str, Callable[[bytes], tuple[bytes, dict[str, Any]]]] = {
    "empty": lambda _: (b"", {}),
    "of another kind": lambda _: (b"{}", {}),
    "cut off": lambda ours: (ours[:-8], {}),
    "with one more digest": lambda ours: (ours + b"\0" * 8, {}),
    "too large": lambda ours: (ours + b"\xff" * 1000, {}),
    "archived": lambda ours: (ours, {"StorageClass": "GLACIER"}),
    "forged": lambda _: (_saw_settled(_place(), OtherSecret()), {}),
    "of another table": lambda _: (_saw_settled("other", app.landing().settled._secret), {}),
    "of yesterday": lambda _: (_saw_settled(_place(), app.landing().settled._secret, 25), {}),
    "of tomorrow": lambda _: (_saw_settled(_place(), app.landing().settled._secret, -1), {}),
}


def _place() -> str:
    return f"{app.landing().settings.catalog_table} {app.landing().bucket.name}"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_document_hides_an_upload(settled: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(settled_rows, "MAX_BYTES", 100)
    _reconcile()
    settled.upload(LOST)
    body, properties = HOSTILE[name](_document(settled) or b"")
    settled.s3.put_object(Bucket=STATES, Key=KEY, Body=body, **properties)
    assert _reconcile() == {"routed": 1}
    assert settled.row(LOST)["status"] == "triggered"
    assert _read_by_next_run() == [LOST], "the document is ours again"
    assert _read_by_next_run() == []


def test_the_forgeries_would_hide_it_if_they_were_ours(settled: World) -> None:
    settled.upload(LOST)
    ours = _saw_settled(_place(), app.landing().settled._secret)
    settled.s3.put_object(Bucket=STATES, Key=KEY, Body=ours)
    assert _read_by_next_run() == []


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_a_document_that_is_refused_costs_reads_only(settled: World, operation: str) -> None:
    _reconcile()
    settled.upload(LOST)
    with failing(operation, "AccessDenied", 403, KEY):
        assert _reconcile() == {"routed": 1}
        assert _reconcile() == {}
    assert settled.row(LOST)["status"] == "triggered"
    _reconcile()
    assert _read_by_next_run() == []


@pytest.mark.parametrize("moment", Moment)
def test_a_run_that_dies_at_the_document_is_repeated(settled: World, moment: Moment) -> None:
    settled.upload(LOST)
    run(_reconcile, Nth("PutObject", 1, lambda number: Death(number, moment)))
    assert settled.row(LOST)["status"] == "triggered"
    assert (_document(settled) is None) == (moment is Moment.BEFORE)
    settled.upload("data/in/lost/again/customers.csv")
    assert _reconcile() == {"routed": 1}
    _reconcile()
    assert _read_by_next_run() == []


@pytest.mark.parametrize("moment", Moment)
def test_of_two_runs_either_may_write_last(settled: World, moment: Moment) -> None:
    settled.upload(LOST)
    with suppress(ClientError):
        run(_reconcile, Nth("PutObject", 1, lambda number: Meanwhile(number, _reconcile, moment)))
    assert [row["status"] for row in settled.rows()] == ["triggered"] * 3
    _reconcile()
    assert _read_by_next_run() == []


def test_rows_that_may_need_a_repair_are_read_in_every_run(settled: World) -> None:
    for key in ("data/in/products.csv", "data/in/upload.part"):
        settled.land(key)
    with failing("DeleteObject", "AccessDenied", 403):
        settled.land("data/in/mystery.csv")
    settled.upload("data/in/broken/customers.csv")
    with failing("StartExecution", "AccessDeniedException"):
        with pytest.raises(ClientError):
            settled.deliver("data/in/broken/customers.csv")
        with failing("DeleteObject", "AccessDenied", 403):
            _reconcile()
            assert _read_by_next_run() == ["data/in/broken/customers.csv", "data/in/mystery.csv"]


def test_above_its_bound_the_other_rows_are_read_in_every_run(
    settled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled_rows, "MAX_DIGESTS", 1)
    assert _read_by_next_run() == [OTHER, CUSTOMERS]
    assert _read_by_next_run() == [CUSTOMERS]
    settled.upload(LOST)
    assert _reconcile() == {"routed": 1}


def test_a_stage_without_uploads_has_no_document(world: World, later: Later) -> None:
    later(HOUR)
    _reconcile()
    assert _document(world) is None


def test_what_is_kept_is_what_was_added(settled: World) -> None:
    """Compare the document, read and written many times, with a set."""
    lane = app.landing()
    listed = lane.bucket.list_page("data/in/").objects[0]
    files = [listed._replace(key=f"data/in/{number}") for number in range(300)]
    now = datetime(2026, 11, 28, tzinfo=UTC)
    for begin, end in ((0, 1), (0, 2), (2, 41), (30, 200), (1, 300)):
        before: Settled = lane.settled.begin(now)
        for file in before.unknown(files[begin:end]):
            before.add(file)
        before.keep()
    known = {file.key for file in files} - {file.key for file in lane.settled.begin(now).unknown(files)}
    assert known == {file.key for file in files}
    later = {file.key for file in lane.settled.begin(now + HOUR).unknown(files)}
    assert 0 < len(later) < 60, "a twenty-fourth is forgotten in an hour"
    assert len(lane.settled.begin(now + 23 * HOUR).unknown(files)) < 300
    assert len(lane.settled.begin(now + 24 * HOUR).unknown(files)) == 300
