"""Hostile keys and contents: each has its outcome, under its own name."""

from __future__ import annotations

import pytest

from chalicelib.events import MAX_KEY_BYTES
from chalicelib.keys import shown
from chalicelib.landing.executions import sanitize
from tests.support.builders import job
from tests.support.world import World

NAMES = [
    "a+b c.csv",
    "%41%2Fescaped.csv",
    "100%.csv",
    "grüße-日本-🎉.csv",
    "e\u0301.csv",
    "<img src=x onerror=alert(1)>.csv",
    "new\nline\ttab\x01.csv",
    "=cmd|' calc'!A1.csv",
    "invoice.csv\nMoved to: https://evil.example\u2028x\u202e",
    "..",
    "../../etc/passwd",
    " leading and trailing ",
    "#?&=;:@$,.csv",
    "a//b.csv",
    "x" * (MAX_KEY_BYTES - len("data/in/.csv")) + ".csv",
    "é" * ((MAX_KEY_BYTES - len("data/in/.csv")) // 2) + ".csv",
    "folder-with-content/",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_parked_with_its_content(world: World, name: str) -> None:
    key = "data/in/" + name
    outcome = world.land(key, b"content")
    assert outcome["status"] == "not_configured"
    assert len(outcome["moved_to"].encode()) <= MAX_KEY_BYTES
    assert world.read(outcome["moved_to"]) == b"content"
    assert world.keys("data/") == [outcome["moved_to"]]
    assert world.row(key)["moved_to"] == outcome["moved_to"]
    (alert,) = world.alerts()
    assert f"Original: {shown(key)}\nMoved to: {shown(outcome['moved_to'])}" in alert["Message"]
    assert len(alert["Message"].splitlines()) == 3, "no key forges a line"


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("/")])
def test_a_hostile_name_with_a_job_starts_it(world: World, name: str) -> None:
    hidden = name.rpartition("/")[2].strip().startswith(".")  # which a wildcard does not take
    world.configure([job(source_file_name=".*" if hidden else "*")])
    outcome = world.land("data/in/" + name)
    assert outcome["status"] == "triggered"
    assert 1 <= len(outcome["execution"]) <= 80
    (execution,) = world.executions()
    assert execution["glue_jobs"][0]["source_file_name"] == name.rpartition("/")[2]
    assert outcome["execution"].startswith("run-" + sanitize(name.rpartition("/")[2]))


@pytest.mark.parametrize(
    ("body", "content_type", "name", "preview"),
    [
        (b"", "text/csv", "empty.csv", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png", "image.png", None),
        (b"just text", "image/png", "image.png", None),
        (b"id\n1\n", "image/png", "wrong-type.csv", "id\n1\n"),
        (b"id\n1\n", "", "untyped", "id\n1\n"),
        (b"\x00\x01\x02", "text/plain", "binary.txt", None),
        ("ü".encode("latin-1") + b"ber", "text/plain", "latin1.txt", None),
        (b"\xef\xbb\xbfid,name", "text/csv", "bom.csv", "id,name"),
        (("€" * 700).encode(), "text/plain", "long.txt", "€" * 500),
        (("x" + "🎉" * 600).encode(), "text/plain", "emoji.txt", "x" + "🎉" * 499),
        (b"a" * 10_000_000, "text/plain", "big.txt", "a" * 500),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else None,
)
def test_previews_are_text_and_never_a_broken_character(
    world: World, body: bytes, content_type: str, name: str, preview: str | None
) -> None:
    properties = {"ContentType": content_type} if content_type else {}
    world.land("drop/" + name, body, **properties)
    row = world.row("drop/" + name)
    assert row.get("content_preview") == preview
    assert row["file_size"] == len(body)


def test_an_empty_file_is_parked_whole(world: World) -> None:
    outcome = world.land("data/in/empty.csv", b"")
    assert world.read(outcome["moved_to"]) == b""
    assert world.keys("data/in/") == []


def test_metadata_near_the_limit_does_not_keep_a_file_from_being_parked(world: World) -> None:
    outcome = world.land("data/in/m.csv", b"x", Metadata={"note": "n" * 2030})
    assert world.read(outcome["moved_to"]) == b"x"
