"""State documents that other hands have touched, and those that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.discovery import stored_state
from tests.support.lanes.scans import Scans

A, B, C, D = (f"incoming/{folder}/x.csv" for folder in ("a", "b", "cé", "d"))


def backwards(document: Any) -> str:
    files = dict(reversed(document["files"].items()))
    return json.dumps({"files": files, "version": 1}, indent=2)


def one_entry_on_two_lines(document: Any) -> str:
    lines = [f"{json.dumps(key)}:{json.dumps(fields)}" for key, fields in document["files"].items()]
    return '{"version":1,"files":{\n' + ",\n".join(lines).replace('"size"', '\n"size"', 1) + "\n}}"


def unsorted_lines(document: Any) -> str:
    lines = [f"{json.dumps(k)}:{json.dumps(v)}" for k, v in reversed(document["files"].items())]
    return '{"version":1,"files":{\n' + ",\n".join(lines) + "\n}}"


def windows_line_ends(document: Any) -> str:
    return one_entry_on_two_lines(document).replace("\n", "\r\n")


def quoted_etags(document: Any) -> str:
    for fields in document["files"].values():
        fields["etag"] = f'"{fields["etag"]}"'
    return json.dumps(document)


LAYOUTS: list[Callable[[Any], str]] = [
    json.dumps,
    backwards,
    one_entry_on_two_lines,
    unsorted_lines,
    windows_line_ends,
    quoted_etags,
    lambda document: json.dumps(document, ensure_ascii=False, indent="\t"),
    lambda document: "\ufeff" + json.dumps(document),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_valid_document_in_another_layout_is_understood_and_normalised(
    scans: Scans, layout: Callable[[Any], str]
) -> None:
    scans.upload(A, B, C, D)
    scans.put_state(layout(scans.document(A, B, C, "incoming/gone/x.csv")))
    result = scans.scan()
    assert (result["queued"], result["skipped"], result["removed"]) == (1, 3, 1)
    assert scans.queued_keys() == [D]
    assert list(scans.recorded()) == [A, B, C, D]


def test_another_layout_is_normalised_even_if_nothing_else_changed(scans: Scans) -> None:
    scans.upload(A, B)
    scans.put_state(backwards(scans.document(A, B)))
    assert scans.scan()["skipped"] == 2
    assert list(scans.recorded()) == [A, B]


def test_what_others_added_to_an_entry_is_kept_while_its_file_is_unchanged(scans: Scans) -> None:
    scans.upload(A, B)
    document = scans.document(A)
    document["files"][A] |= {"status": "loaded", "note": "checked by hand\u2028"}
    scans.put_state(backwards(document))
    scans.scan()
    entry = json.loads(scans.raw_state())["files"][A]
    assert (entry["status"], entry["note"]) == ("loaded", "checked by hand\u2028")


def test_half_a_surrogate_pair_in_a_key_is_no_file_of_ours(scans: Scans) -> None:
    scans.upload(A)
    document = scans.document(A)
    document["files"]["incoming/b/\ud800.csv"] = {**document["files"][A], "etag": "\ud800"}
    scans.put_state(backwards(document))
    result = scans.scan()
    assert (result["skipped"], result["removed"]) == (1, 1)


def test_a_document_in_our_layout_is_never_loaded_whole(
    scans: Scans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_state, "LOADABLE_BYTES", 0)
    monkeypatch.setattr(stored_state, "CHUNK_BYTES", 16)
    scans.upload(A, B, C)
    assert scans.scan()["queued"] == 3
    scans.upload(B, D, body=b"changed")
    assert scans.scan()["queued"] == 2
    assert list(scans.recorded()) == [A, B, C, D]
