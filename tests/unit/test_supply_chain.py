"""What ships and what builds it: pinned by hash, and all of it looked up when it is audited."""

from __future__ import annotations

import re

from ops.stages import ROOT

OLD_ON_PURPOSE = "oldest.txt"


def _pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def test_what_ships_beside_our_own_code_is_pinned_by_hash_if_there_is_any() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert text.count("--hash=sha256:") >= len(_pins(text))
    assert all("==" in pin for pin in _pins(text))


def test_an_audit_looks_up_every_lock_that_is_used() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (names,) = re.findall(r"^AUDITED = (.*)$", makefile, re.MULTILINE)
    (expanded,) = re.findall(r"foreach name,([a-z ]+),", names)
    audited = {*re.findall(r"[a-z-]+\.txt", names.partition("$")[0]), *(f"{n}.txt" for n in expanded.split())}
    locks = {path.name for path in (ROOT / "ops" / "locks").glob("*.txt")} - {
        OLD_ON_PURPOSE.rpartition("/")[2]
    }
    assert audited == locks | {"requirements.txt", "requirements-dev.txt"}
