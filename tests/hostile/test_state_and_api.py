"""Hostile state documents are left alone with a clear error; hostile parameters and tokens are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from chalicelib.errors import StateError
from tests.hostile.corpus import SEQUENCES, WRONG_VALUES, substituted
from tests.support.api import Api
from tests.support.lanes.scans import Scans, laid_out
from tests.support.world import World

KEY = "incoming/a/known.csv"
WHOLE = Scans.document(Scans.__new__(Scans), KEY)
LAID_OUT = laid_out(WHOLE)
STATES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "markup": b"<xml/>",
    "binary": bytes(range(256)),
    "UTF-16": LAID_OUT.encode("utf-16"),
    "another version": LAID_OUT.replace('"version":1', '"version":2').encode(),
    "no version": LAID_OUT.replace('"version":1,', "").encode(),
    "cut in the header": LAID_OUT.encode()[:10],
    "cut in an entry": LAID_OUT.encode()[:60],
    "cut before the end": LAID_OUT.encode()[:-2],
    "something behind the end": LAID_OUT.encode() + b"\n{}",
    "an unreadable line": LAID_OUT.replace('"etag"', "etag").encode(),
    "no files": b'{"version":1}',
    "files a list": b'{"version":1,"files":[]}',
    "nested 100,000 deep": b'{"version":1,"files":{"a":' + b"[" * 100_000,
    "NUL bytes": b"\x00" * 1000,
    "an unknown escape in its place": b'{"version":1,"resume_after":"\\q","files":{\n}}',
    "half a surrogate pair in its place": b'{"version":1,"resume_after":"\\ud800","files":{\n}}',
}
FIELDS = ("etag", "status", "folder")
WRONG_ENTRIES = [(name, number) for name in FIELDS for number in range(len(WRONG_VALUES))]
PARAMETERS = [
    (path, name, value)
    for path, name in (("/files", "cursor"), ("/files", "date"), ("/files", "limit"), ("/files", "status"))
    for value in [*SEQUENCES[::8], "-1", "0", "101", "1e9", "NaN", "2026-02-30", "x" * 5000]
]
TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Basic bG9jYWw=",
    "local",
    "Bearer local-reader\x00",
    "Bearer " + "x" * 9000,
    "null",
]


@pytest.mark.parametrize("name", STATES)
def test_a_state_that_cannot_be_trusted_is_left_alone(hostile_world: World, name: str) -> None:
    scans = Scans()
    body = scans.put_state(STATES[name])
    scans.upload("incoming/a/new.csv")
    with pytest.raises(StateError):
        app.discover_csv({}, None)
    assert scans.raw_state() == body
    assert scans.queued_keys() == []


@pytest.mark.parametrize(("name", "number"), WRONG_ENTRIES)
def test_a_wrong_entry_is_refused_or_queued_again(hostile_world: World, name: str, number: int) -> None:
    scans = Scans()
    document = substituted(WHOLE, ("files", KEY, name), WRONG_VALUES[number])
    body = scans.put_state(laid_out(document).encode("utf-8", "surrogatepass"))
    scans.upload(KEY)
    try:
        scans.scan()
    except StateError:
        assert scans.raw_state() == body
        return
    assert json.loads(scans.raw_state())["files"].keys() == {KEY}


@pytest.mark.parametrize(("path", "name", "value"), PARAMETERS)
def test_a_parameter_of_nonsense_is_answered(hostile_world: World, path: str, name: str, value: str) -> None:
    reply = Api().get(path, **{name: value})
    assert reply.status in {200, 400}
    assert reply.status == 200 or set(reply.body) == {"Code", "Message"}
    assert len(reply.text) < 5000 or reply.status == 200


@pytest.mark.parametrize("value", SEQUENCES[::4], ids=range(len(SEQUENCES[::4])))
def test_a_key_of_nonsense_is_looked_for_and_explained(hostile_world: World, value: str) -> None:
    assert Api().get("/file", key=value).status == 404
    reply: Any = Api().get("/explain", key=value)
    assert reply.status in {200, 404}
    assert isinstance(reply.body, dict)


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
def test_a_token_of_nonsense_lets_nobody_in(hostile_world: World, token: str) -> None:
    reply = Api(token="").call("GET", "/files", {}, headers={"Authorization": token} if token else {})
    assert reply.status == 401
