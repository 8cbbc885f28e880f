"""`GET /jobs`: the job config as it stands, each fault beside its job."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, decode_cursor, encode_cursor, refusal
from chalicelib.api.parameters import NUMBER, PAGING, Given, read_limit, read_parameters
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.landing.config import ConfigReader
from chalicelib.landing.entries import FIELDS, entries_of
from chalicelib.parallel import each
from chalicelib.tables.manifests import manifest_key

NO_IS_ACTIVE = "It has no is_active, so it is inactive: add it, true, to have files start it."
FAULTED = re.compile(r"\[(\d+)\]")


def list_jobs(reader: ConfigReader, given: Given) -> Body:
    """Answer `GET /jobs`: jobs in the config's order; the next page goes on behind the last position.

    Of a config that is not a list at all, the jobs of the last good version are shown instead.
    """
    values = read_parameters(given, *PAGING)
    limit = read_limit(values)
    start = _start(decode_cursor("jobs", values.get("cursor", "")))
    in_force = reader.read()
    entries = _entries(in_force.current.body)
    if entries is None:
        entries = _entries(in_force.config.body) or []
    page = list(enumerate(entries))[start : start + limit]
    more = start + limit < len(entries)
    by_index = faults_by_index(in_force.current.faults)
    return {
        "config": f"s3://{reader.bucket.name}/{reader.key}",
        **in_force.told(),
        "valid": in_force.source == "current",
        "items": [
            {**_shown(index, entry, by_index.get(index, [])), "table_manifest": manifest}
            for (index, entry), manifest in zip(page, _table_manifests(reader.bucket, page), strict=True)
        ],
        "next_cursor": encode_cursor("jobs", Position(str(start + limit)) if more else None),
    }


def _table_manifests(bucket: Bucket, page: list[tuple[int, Any]]) -> list[str | None]:
    """Tell of each job whether any file of its table was found yet: `present`, `absent`, None if unknown."""

    def look(entry: tuple[int, Any]) -> str | None:
        table = entry[1].get("target_table") if isinstance(entry[1], dict) else None
        if not isinstance(table, str) or not table.strip():
            return None
        try:
            found = bucket.head(manifest_key(table.strip().lower()))
        except AWS_ERRORS:  # or a name that no key can have
            return None
        return "present" if found else "absent"

    return each(look, page)


def _start(after: Position | None) -> int:
    if after is None:
        return 0
    if not NUMBER.fullmatch(after.at):
        raise refusal()
    return int(after.at)


def faults_by_index(faults: Iterable[str]) -> dict[int, list[str]]:
    """Group faults by the entry that each names first."""
    sorted_: defaultdict[int, list[str]] = defaultdict(list)
    for fault in faults:
        if named := FAULTED.match(fault):
            sorted_[int(named[1])].append(fault)
    return dict(sorted_)


def _entries(body: bytes) -> list[Any] | None:
    """Return the entries of a config, usable or not; None when it is not a list at all."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return entries_of(document)


def _shown(index: int, entry: Any, faults: list[str]) -> Body:
    given = entry if isinstance(entry, dict) else {}
    fields = {name: given[name] for name in FIELDS if name in given}
    extra = {name: given[name] for name in given if name not in FIELDS}
    hints = [] if "is_active" in given else [NO_IS_ACTIVE]
    return {"index": index, "is_active": False, **fields, "extra": extra, "faults": faults, "hints": hints}
