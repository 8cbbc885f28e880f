"""What ships and what builds it: pinned by hash, and all of it looked up when it is audited."""

from __future__ import annotations

import re

from ops.stages import ROOT


def _pins(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]


def test_what_ships_beside_our_own_code_is_pinned_by_hash_if_there_is_any() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert text.count("--hash=sha256:") >= len(_pins(text))
    assert all("==" in pin for pin in _pins(text))
