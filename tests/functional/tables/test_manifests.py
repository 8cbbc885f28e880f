"""What the tables' manifests hold, and when they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from chalicelib.tables import spool
from tests.faults.dying import Call, Meanwhile, Process, Send, calls_of, deaths, run, running
from tests.support.aws_calls import failing
from tests.support.builders import LANDING, SEED_JOBS, job
from tests.support.lanes.redshift import load_manifest
from tests.support.lanes.scans import LambdaContext, pages_of
from tests.support.world import World

ORDERS = "manifests/tables/orders.manifest"


def write(context: object = None) -> dict[str, Any]:
    result: dict[str, Any] = app.write_table_manifests({}, context)
    assert result == json.loads(json.dumps(result)), "Lambda returns JSON"
    assert set(result) == {"statusCode", "message", "manifests"}
    return result


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {manifest["table"]: manifest["status"] for manifest in result["manifests"]}


@pytest.fixture
def tables(world: World, environ: Any) -> World:
    """Return a world that has three tables, one of which has a name that another begins with."""
    environ(TABLE_NAMES="Orders, orders_archive,customers")
    return world


def test_every_table_has_a_manifest_that_redshift_can_load(tables: World) -> None:
    tables.upload("data/in/orders.csv", b"12345")
    tables.upload("ORDERS/2026/part 1+%41.parquet", b"1")
    tables.upload('lake/orders_"é\n\u2028.csv', b"123")
    tables.upload("orders_archive_1.csv", b"12")
    tables.upload("unrelated.csv")
    result = write()
    assert result["statusCode"] == 200
    assert statuses(result) == {"customers": "absent", "orders": "written", "orders_archive": "written"}
    assert load_manifest(tables.read(ORDERS)) == {
        "data/in/orders.csv": 5,
        "ORDERS/2026/part 1+%41.parquet": 1,
        'lake/orders_"é\n\u2028.csv': 3,
    }
    assert load_manifest(tables.read("manifests/tables/orders_archive.manifest")) == {
        "orders_archive_1.csv": 2
    }
    assert tables.keys("manifests/") == [ORDERS, "manifests/tables/orders_archive.manifest"]


def test_it_has_the_form_and_order_of_the_contract(tables: World) -> None:
    for key in ("orders/b", "orders/a-", "orders/a/", "orders/a/x", "orders/Z", "orders/é"):
        tables.upload(key, b"" if key.endswith("/") else b"1")
    write()
    document = json.loads(tables.read(ORDERS))
    urls = [entry["url"] for entry in document["entries"]]
    assert urls == [f"s3://{LANDING}/orders/{name}" for name in ("Z", "a-", "a/x", "b", "é")]
    assert document["entries"][0] == {"url": urls[0], "mandatory": True, "meta": {"content_length": 1}}


def test_markers_empty_files_the_config_and_own_outputs_are_no_data(tables: World, environ: Any) -> None:
    environ(TABLE_NAMES="orders,config,manifests,state", INACTIVE_PREFIX="data/inactive/")
    for key in ("orders/", "orders/empty.csv"):
        tables.upload(key, b"")
    for key in ("data/new_files/orders.csv", "data/inactive/orders.csv", "manifests/orders.json",
                "state/orders.json", "quarantine/2026-01-31/orders.csv", ORDERS):  # fmt: skip
        tables.upload(key)
    write()
    assert load_manifest(tables.read(ORDERS)) == {}
    assert tables.keys("manifests/") == ["manifests/orders.json", ORDERS]


def test_what_is_not_committed_and_what_is_archived_is_left_out_and_counted(tables: World) -> None:
    for key in ("orders/_temporary/0/part-0.csv", "orders/_committed_1", "orders/.part-0.csv.crc",
                "orders/_SUCCESS", "_new/orders.csv", ".hidden/orders.csv", "a/_b/orders.csv"):  # fmt: skip
        tables.upload(key)
    tables.upload("orders/part-0.parquet.filepart")
    for storage_class in ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA"):
        tables.upload(f"orders/{storage_class}.csv", b"1", StorageClass=storage_class)
    (_, orders, _) = write()["manifests"]
    assert (orders["table"], orders["files"], orders["archived"]) == ("orders", 2, 2)
    assert load_manifest(tables.read(ORDERS)) == {"orders/GLACIER_IR.csv": 1, "orders/STANDARD_IA.csv": 1}


def test_a_schema_before_the_tables_name_does_not_hide_its_files(world: World) -> None:
    world.configure([job(target_table="public.Customers"), SEED_JOBS[1]])
    world.upload("lake/customers_2026.csv", b"1")
    result = write()
    assert statuses(result) == {"orders": "absent", "public.customers": "written"}
    assert "no file was ever found of orders" in result["message"]
    manifest = world.read("manifests/tables/public.customers.manifest")
    assert load_manifest(manifest) == {"lake/customers_2026.csv": 1}


def test_without_table_names_the_jobs_tables_are_taken(world: World) -> None:
    world.upload("customers.csv")
    world.upload("products/1.csv")
    assert statuses(write()) == {"customers": "written", "orders": "absent", "products": "written"}


@pytest.mark.parametrize("config", [None, b"oops"])
def test_without_table_names_and_a_usable_config_nothing_is_written(
    world: World, config: bytes | None
) -> None:
    if config is None:
        world.s3.delete_object(Bucket=LANDING, Key="config/config.json")
    else:
        world.configure(config)
    world.upload("orders.csv")
    result = write()
    assert (result["statusCode"], result["manifests"]) == (207, [])
    assert "TABLE_NAMES is empty" in result["message"]
    assert world.keys("manifests/") == []


def test_with_table_names_no_config_is_needed(tables: World) -> None:
    tables.configure(b"oops")
    tables.upload("orders.csv")
    assert statuses(write())["orders"] == "written"


def test_a_config_without_jobs_is_no_error(world: World) -> None:
    world.configure([])
    result = write()
    assert (result["statusCode"], result["manifests"]) == (200, [])


def test_a_manifest_is_written_again_only_when_its_bytes_changed(tables: World) -> None:
    tables.upload("orders.csv", b"1")
    tables.upload("customers.csv", b"1")
    write()
    tables.upload("orders.csv", b"2")  # another content of the same length changes nothing in the manifest
    assert statuses(write()) == {"customers": "unchanged", "orders": "unchanged", "orders_archive": "absent"}
    tables.upload("orders.csv", b"333")
    assert statuses(write()) == {"customers": "unchanged", "orders": "written", "orders_archive": "absent"}
    assert load_manifest(tables.read(ORDERS)) == {"orders.csv": 3}


def test_a_run_that_changes_nothing_writes_nothing(tables: World) -> None:
    tables.upload("orders.csv")
    write()
    assert {call.operation for call in calls_of(write)} == {"ListObjectsV2", "HeadObject"}


def test_a_manifest_that_someone_edited_is_put_right(tables: World) -> None:
    tables.upload("orders.csv", b"1")
    write()
    tables.upload(ORDERS, b'{"entries":[]}')
    assert statuses(write())["orders"] == "written"
    assert load_manifest(tables.read(ORDERS)) == {"orders.csv": 1}


def test_a_manifest_that_lost_its_last_file_becomes_empty_once(tables: World) -> None:
    tables.upload("orders.csv")
    write()
    tables.s3.delete_object(Bucket=LANDING, Key="orders.csv")
    assert statuses(write())["orders"] == "written"
    assert tables.read(ORDERS) == b'{"entries":[]}'
    assert statuses(write())["orders"] == "unchanged"


@pytest.mark.parametrize("refused", ["HeadObject", "PutObject"])
def test_a_table_that_fails_does_not_stop_the_others(tables: World, refused: str) -> None:
    tables.upload("orders.csv")
    tables.upload("customers.csv")

    with failing(refused, "AccessDenied", 403, "manifests/tables/customers.manifest"):
        result = write()
    assert result["statusCode"] == 207
    assert statuses(result) == {"customers": "failed", "orders": "written", "orders_archive": "absent"}
    assert statuses(write())["customers"] == "written"


def test_a_listing_that_takes_too_long_writes_nothing_and_says_so(tables: World) -> None:
    tables.upload("orders.csv")
    result = write(LambdaContext(0))
    assert (result["statusCode"], result["manifests"]) == (207, [])
    assert "Time was up" in result["message"]
    assert tables.keys("manifests/") == []


def test_many_pages_and_blocks_make_one_manifest(tables: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BLOCK_BYTES", 200)
    keys = [f"{table}/{number:02}.csv" for table in ("customers", "orders") for number in range(20)]
    for key in keys:
        tables.upload(key, b"1")
    with running(Process(pages_of(7))):
        write()
    assert list(load_manifest(tables.read(ORDERS))) == keys[20:]


def test_of_two_runs_that_overlap_anywhere_the_newer_listing_stays(tables: World) -> None:
    expected = ["orders/00.csv"]
    tables.upload(expected[0], b"1")
    for call in calls_of(write):
        expected.append(f"orders/{len(expected):02}.csv")

        def another_run(new: str = expected[-1]) -> None:
            tables.upload(new, b"1")
            write()

        tables.upload("orders/00.csv", b"1" * len(expected))
        run(write, Meanwhile(call.number, another_run))
        assert list(load_manifest(tables.read(ORDERS))) == expected, str(call)


def test_a_run_that_an_older_one_overtakes_lists_again(tables: World) -> None:
    tables.upload("orders.csv", b"1")
    write()
    for size, call in enumerate(calls_of(write), start=2):
        tables.upload("orders.csv", b"1" * size)
        run(write, Meanwhile(call.number, lambda: str(tables.upload(ORDERS, b"of an older listing"))))
        assert load_manifest(tables.read(ORDERS)) == {"orders.csv": size}, str(call)


@pytest.mark.parametrize("looks", [99, 1], ids=["each time", "without time to list again"])
def test_a_run_that_stays_overtaken_says_so(tables: World, looks: int) -> None:
    tables.upload("orders.csv", b"1")

    def fault(call: Call, send: Send) -> Any:
        if "Metadata" in call.parameters:
            tables.upload(ORDERS, f"another run before call {call.number}".encode())
        return send()

    with running(Process(fault)):
        result = write(LambdaContext(looks))
    assert (result["statusCode"], statuses(result)["orders"]) == (200, "superseded")
    assert statuses(write())["orders"] == "written"


def test_a_run_killed_at_any_of_its_calls_is_put_right_by_the_next(tables: World) -> None:
    tables.upload("orders.csv", b"1")
    tables.upload("customers.csv", b"1")
    calls = calls_of(write)
    for number, death in enumerate(deaths(calls), start=2):
        tables.upload("orders.csv", b"1" * number)
        tables.upload("customers.csv", b"1" * number)
        run(write, death)
        write()
        assert load_manifest(tables.read(ORDERS)) == {"orders.csv": number}, str(death)
