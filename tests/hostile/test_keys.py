"""Any key that S3 can hold is catalogued under its own name, parked or started; its bytes stay whole."""

from __future__ import annotations

import pytest

import app
from chalicelib.keys import shown
from tests.hostile.corpus import CHARACTERS, PREFIX, SECRET, SEQUENCES
from tests.support.api import OPERATOR, Api
from tests.support.builders import LANDING, job
from tests.support.lanes.replays import replay
from tests.support.reset import stored
from tests.support.world import World

NAMES = [*(f"a{character}b.csv" for character in CHARACTERS), *SEQUENCES]
IDS = [f"{number} {name[:20]!a}" for number, name in enumerate(NAMES)]


@pytest.mark.parametrize("name", NAMES, ids=IDS)
def test_a_file_of_any_name_is_parked_whole_under_a_key_of_its_own(hostile_world: World, name: str) -> None:
    hostile_world.configure([])
    key, body = PREFIX + name, f"{SECRET} {name!a}".encode()
    outcome = hostile_world.land(key, body)
    row = hostile_world.row(key)
    assert (outcome["key"], outcome["status"]) == (key, "not_configured")
    assert (row["file_key"], row["moved_to"]) == (key, outcome["moved_to"])
    assert stored(LANDING, outcome["moved_to"]).value == body
    assert stored(LANDING, key) is None
    assert any(shown(key) in alert["Message"] for alert in hostile_world.alerts()[-3:])


@pytest.mark.parametrize("name", SEQUENCES, ids=range(len(SEQUENCES)))
def test_a_file_of_any_name_may_start_a_job(hostile_world: World, name: str) -> None:
    is_hidden = name.rpartition("/")[2].startswith(".")  # as in a shell, `*` does not match these
    hostile_world.configure([job(source_file_name=".*" if is_hidden else "*")])
    outcome = hostile_world.land(PREFIX + name, SECRET.encode())
    assert outcome["status"] == "triggered"
    assert hostile_world.row(outcome["key"])["execution"] == outcome["execution"]


READ = 4096  # what is read whole is put; what is larger is copied in parts, or by one call
ODD = [
    "a\x01b.csv",
    "a\x0cb.csv",
    "a\x1fb.csv",
    "a\ufffeb.csv",
    "a\uffffb.csv",
    "a\rb.csv",
    "\ud7ff&<]]>.csv",
]


@pytest.mark.parametrize("size", [0, 1, READ, READ + 1, 2 * READ])
@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_file_of_any_size_is_parked_and_comes_back_whole(
    hostile_world: World, name: str, size: int
) -> None:
    app.landing.cache_clear()  # with it the config of the case before
    hostile_world.configure([])
    key, body = PREFIX + name, b"x" * size
    outcome = hostile_world.land(key, body, Tagging="a=b")
    assert (outcome["status"], stored(LANDING, outcome["moved_to"]).value) == ("not_configured", body)
    hostile_world.configure([job(source_file_name="*")])
    (item,) = replay(Api(OPERATOR), keys=[key])
    assert item["outcome"]["status"] == "triggered"
    assert (stored(LANDING, key).value, stored(LANDING, outcome["moved_to"])) == (body, None)
    assert hostile_world.s3.list_multipart_uploads(Bucket=LANDING).get("Uploads", []) == []
