"""Lists of uploads and the versions of a key, on rows that the real handlers wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.aws.items import to_item
from chalicelib.landing.catalog import UploadStatus
from chalicelib.status import files
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.lanes import ndjson
from tests.support.world import TABLE, World

HOSTILE = [
    "data/in/a+b c.csv",
    "data/in/%41%2F.csv",
    "data/in/new\nline.csv",
    "data/in/ünï✓.csv",
    "data/in/../up.csv",
    "data/in/<img src=x onerror=alert(1)>.csv",
    "data/in/quote\"'`&amp;.csv",
    " ",
    "k" * 1024,
]


@pytest.fixture
def api() -> Api:
    return Api()


def test_each_outcome_is_listed_under_its_status(world: World, api: Api) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv", "notes.txt"):
        world.land(key)
    today = datetime.now(UTC).date().isoformat()
    for status, key in {
        "triggered": "data/in/customers.csv",
        "not_configured": "data/in/mystery.csv",
        "inactive": "data/in/products.csv",
        "received": "notes.txt",
    }.items():
        reply = api.get("/files", date=today, status=status)
        assert [row["file_key"] for row in reply.body["items"]] == [key]
        assert reply.body["next_cursor"] is None
    assert api.get("/files", status="failed").body["items"] == []
    triggered = api.get("/files", status="triggered").body["items"][0]
    assert triggered["job_id"] == "JOB001"
    assert triggered["execution"].startswith("run-customers-csv-")


def test_without_status_all_are_merged_newest_first(world: World, api: Api) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv", "a.txt", "b.txt"):
        world.land(key)
    rows = api.get("/files").body["items"]
    assert len(rows) == 5
    times = [row["timestamp"] for row in rows]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_show_every_file_once_while_others_arrive(world: World, api: Api, limit: int) -> None:
    for number in range(7):
        world.land(f"data/in/mystery-{number}.csv" if number % 2 else f"notes-{number}.txt")
    shown: list[str] = []
    cursor = ""
    while True:
        body = api.get("/files", limit=str(limit), **({"cursor": cursor} if cursor else {})).body
        shown += [row["file_key"] for row in body["items"]]
        cursor = body["next_cursor"]
        if not cursor:
            break
        world.land(f"late-{len(shown)}.txt")
    first = [key for key in shown if not key.startswith("late")]
    assert sorted(first) == sorted(
        {f"data/in/mystery-{n}.csv" if n % 2 else f"notes-{n}.txt" for n in range(7)}
    )
    assert len(shown) == len(set(shown))


def test_a_page_reads_by_index_and_asks_for_no_more_than_it_shows(world: World, api: Api) -> None:
    world.land("notes.txt")
    with recorded() as calls:
        api.get("/files", limit="10")
    assert [operation for operation, _ in calls] == ["Query"] * len(UploadStatus)
    assert all(asked["IndexName"] == "by_date" and asked["Limit"] == 11 for _, asked in calls)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_found_by_itself(world: World, api: Api, key: str) -> None:
    world.land(key)
    reply = api.get("/file", key=key)
    assert reply.status == 200
    assert [row["file_key"] for row in reply.body["items"]] == [key]
    assert reply.body["key"] == key
    assert key in {row["file_key"] for row in api.items("/files")}


def test_every_version_of_a_key_is_shown_newest_first(world: World, api: Api) -> None:
    rows = [world.land("notes.txt", f"version {number}".encode()) for number in range(3)]
    versions = api.items("/file", key="notes.txt", limit="1")
    assert len(versions) == len(rows) == 3
    assert {row["content_preview"] for row in versions} == {f"version {number}" for number in range(3)}


def test_alert_marks_are_not_versions(world: World, api: Api) -> None:
    world.configure(b"not json")
    world.land("config/config.json", b"not json")
    rows = api.items("/file", key="config/config.json")
    assert [row["status"] for row in rows] == ["received"]


def test_index_attributes_are_not_shown(world: World, api: Api) -> None:
    world.land("notes.txt")
    for row in api.items("/files") + api.items("/file", key="notes.txt"):
        assert not {"date", "status_timestamp", "retry"} & row.keys()


def test_an_unknown_key_is_404_and_told_where_to_ask(world: World, api: Api) -> None:
    reply = api.get("/file", key="data/in/absent.csv")
    assert (reply.status, reply.body["Code"]) == (404, "NotFoundError")
    assert "/explain" in reply.body["Message"]


@pytest.mark.parametrize(
    ("path", "query", "names"),
    [
        ("/files", {"date": "21.11.2026"}, "date="),
        ("/files", {"status": "done"}, "received, triggered"),
        ("/files", {"limit": "0"}, "limit="),
        ("/files", {"limit": "101"}, "limit="),
        ("/files", {"cursor": "AAAA"}, "cursor"),
        ("/files", {"stats": "failed"}, "date, days, lane, status, hour, prefix, contains, limit, cursor"),
        ("/files", {"lane": "csv"}, "landing, ndjson"),
        ("/files", {"lane": "ndjson", "status": "triggered"}, "pending, manifested"),
        ("/files", {"days": "32"}, "1 to 31"),
        ("/files", {"days": "2", "hour": "01"}, "hour is of one day"),
        ("/files", [("date", "2026-11-21"), ("date", "2026-11-20")], "2 times"),
        ("/file", {}, "key is missing"),
        ("/file", {"key": ""}, "key is missing"),
        ("/file", {"key": "k" * 1025}, "1025 bytes"),
        ("/summary", {"date": "now"}, "date="),
        ("/summary", {"status": "failed"}, "it takes date"),
    ],
)
def test_a_bad_parameter_is_400_naming_it(api: Api, path: str, query: object, names: str) -> None:
    reply = api.get(path, query)
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert names in reply.body["Message"]


def test_a_cursor_is_of_its_query_alone(world: World, api: Api) -> None:
    for number in range(3):
        world.land(f"notes-{number}.txt")
    cursor = api.get("/files", limit="1").body["next_cursor"]
    assert api.get("/files", limit="2", cursor=cursor).status == 200
    for other in ({"status": "received"}, {"date": "2026-01-01"}):
        assert api.get("/files", cursor=cursor, **other).status == 400
    assert api.get("/file", key="notes-0.txt", cursor=cursor).status == 400


def put(key: str, days_ago: int, time: str = "12:00:00", status: str = "job_failed") -> str:
    """Store an upload's row; return its key."""
    date = (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()
    timestamp = f"{date}T{time}Z#0a1b2c3d"
    row = {"file_key": key, "timestamp": timestamp, "date": date, "status": status,
           "status_timestamp": f"{status}#{timestamp}"}  # fmt: skip
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=to_item(row))
    return key


@pytest.mark.parametrize("limit", ["1", "3", "100"])
def test_the_last_days_are_one_list_newest_first(aws: None, api: Api, limit: str) -> None:
    for number, back in enumerate((0, 0, 3, 13)):
        put(f"{number}.csv", back, f"00:00:0{9 - number}")
    put("older.csv", 14)
    put("done.csv", 1, status="succeeded")
    rows = api.items("/files", days="14", status="job_failed", limit=limit)
    assert [row["file_key"] for row in rows] == [f"{number}.csv" for number in range(4)]


def test_a_list_is_narrowed_to_an_hour(aws: None, api: Api) -> None:
    put("early.csv", 1, "12:59:59")
    in_hour = [put(f"{number}.csv", 1, f"13:00:0{number}") for number in (2, 1, 0)]
    put("late.csv", 1, "14:00:00")
    date = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    rows = api.items("/files", date=date, hour="13", limit="2")
    assert [row["file_key"] for row in rows] == in_hour


def test_keys_are_searched_by_prefix_and_by_fragment(aws: None, api: Api) -> None:
    for number in range(6):
        put(f"data/in/Report_{number}.csv", number % 3, f"00:00:0{number}")
    put("other/report.csv", 0)
    found = api.items("/files", days="3", prefix="data/in/", contains="REPORT_", limit="2")
    assert sorted(row["file_key"] for row in found) == [f"data/in/Report_{number}.csv" for number in range(6)]
    assert api.items("/files", days="3", contains="Report_4")[0]["file_key"] == "data/in/Report_4.csv"
    assert api.items("/files", days="3", prefix="Data/") == []


def test_a_search_of_quiet_days_costs_a_query_a_day(aws: None, api: Api) -> None:
    put("a.csv", 0)
    put("b.csv", 3, status="received")
    with recorded() as calls:
        found = api.get("/files", days="14", contains=".csv").body
    assert [row["file_key"] for row in found["items"]] == ["a.csv", "b.csv"]
    assert [operation for operation, _ in calls] == ["Query"] * 14


def test_a_search_looks_through_so_many_rows_and_goes_on_from_there(
    aws: None, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOOKED_AT", 4)
    monkeypatch.setattr(files, "STEP", 2)
    for number in range(10):
        put(f"{number}.csv", number // 5, f"00:00:0{9 - number}")
    first = api.get("/files", days="2", contains="7.csv").body
    assert (first["items"], first["looked_at"]) == ([], 4)
    then = api.get("/files", days="2", contains="7.csv", cursor=first["next_cursor"]).body
    assert ([row["file_key"] for row in then["items"]], then["looked_at"]) == (["7.csv"], 4)


@pytest.mark.parametrize("limit", ["1", "100"])
def test_the_files_of_the_ndjson_lane_are_listed_by_day_and_name(aws: None, api: Api, limit: str) -> None:
    records = [ndjson.upload(f"in/{ndjson.DATE}/{name}.ndjson") for name in ("b", "a", "Über")]
    records.append(ndjson.upload(f"in/{ndjson.DATE}/broken.ndjson", body=b"no json\n"))
    ndjson.deliver(ndjson.lane_with(), *records)
    asked = {"lane": "ndjson", "date": ndjson.DATE, "limit": limit}
    listed = [row["key"].rpartition("/")[2] for row in api.items("/files", days="2", **asked)]
    assert listed == ["a.ndjson", "b.ndjson", "broken.ndjson", "Über.ndjson"]
    (broken,) = api.items("/files", status="quarantined", **asked)
    assert "not JSON" in broken["reason"]
    (found,) = api.items("/files", contains="ÜB", **asked)
    assert (found["key"], found["status"]) == (f"in/{ndjson.DATE}/Über.ndjson", "pending")
