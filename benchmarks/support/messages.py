"""The messages of discovery as its consumer gets them."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.discovery.enqueue import render_message
from chalicelib.discovery.merge import Candidate, Found
from tests.support.builders import LANDING

MODIFIED = datetime(2026, 1, 31, tzinfo=UTC)


def discovery_message(key: str, etag: str, size: int = 1) -> str:
    """Return the message about a new file."""
    found = Found(key, size, etag, key.split("/")[1], MODIFIED, start=b"")
    return render_message(LANDING, Candidate(found, old_line=None))
