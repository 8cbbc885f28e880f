"""A scratch disk that is too small for the entries of the tables' manifests."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest

import app
from chalicelib.tables import spool
from tests.support.world import World


@pytest.fixture(autouse=True)
def _two_tables(environ: Any) -> None:
    environ(TABLE_NAMES="orders,customers")


def _statuses(result: dict[str, Any]) -> dict[str, str]:
    return {manifest["table"]: manifest["status"] for manifest in result["manifests"]}


class SmallDisk(io.BytesIO):
    """A disk with room for 150 bytes."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 150:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_table_that_fills_the_scratch_disk_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "TemporaryFile", SmallDisk)
    for number in range(20):
        world.upload(f"orders/{hashlib.md5(bytes([number])).hexdigest()}.csv", b"1")
    world.upload("customers.csv", b"1")
    result = app.write_table_manifests({}, None)
    assert (result["statusCode"], _statuses(result)["customers"]) == (207, "written")
    (orders,) = (one for one in result["manifests"] if one["table"] == "orders")
    assert (orders["status"], orders["files"]) == ("failed", 20)
    assert "No space left on device" in orders["reason"]
    assert "give the function more ephemeral storage" in orders["reason"]
    assert world.keys("manifests/") == ["manifests/tables/customers.manifest"]


def test_entries_that_the_scratch_disk_does_not_give_back_fail_their_table_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("orders.csv")
    world.upload("customers.csv")
    blocks = spool.TableSpool.blocks

    def read(self: Any, table: str) -> Iterator[bytes]:
        if table == "customers":
            raise OSError(errno.EIO, "Input/output error")
        return blocks(self, table)

    monkeypatch.setattr(spool.TableSpool, "blocks", read)
    result = app.write_table_manifests({}, None)
    assert _statuses(result) == {"customers": "failed", "orders": "written"}
    assert "more ephemeral storage" in result["manifests"][0]["reason"]


def test_a_disk_without_room_for_a_file_writes_nothing_and_says_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(spool, "TemporaryFile", refuse)
    world.upload("orders.csv")
    result = app.write_table_manifests({}, None)
    assert (result["statusCode"], result["manifests"]) == (207, [])
    assert "more ephemeral storage" in result["message"]
    assert world.keys("manifests/") == []
