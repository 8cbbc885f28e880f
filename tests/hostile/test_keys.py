"""Any key that S3 can hold is catalogued under its own name, parked or started; its bytes stay whole."""

from __future__ import annotations

import pytest

from chalicelib.keys import shown
from tests.hostile.corpus import CHARACTERS, PREFIX, SECRET, SEQUENCES
from tests.support.builders import LANDING, job
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
    hostile_world.configure([job(source_file_name="*")])
    outcome = hostile_world.land(PREFIX + name, SECRET.encode())
    assert outcome["status"] == "triggered"
    assert hostile_world.row(outcome["key"])["execution"] == outcome["execution"]
