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
from chalicelib.landing.jobs import FIELDS, read_config
from chalicelib.parallel import each
from chalicelib.tables.manifests import manifest_key

FAULTED = re.compile(r"\[(\d+)\]")


def list_jobs(bucket: Bucket, config_key: str, given: Given) -> Body:
    """Answer `GET /jobs`: jobs in the config's order; the next page goes on behind the last position."""
    values = read_parameters(given, *PAGING)
    limit = read_limit(values)
    start = _start(decode_cursor("jobs", values.get("cursor", "")))
    config = read_config(bucket, config_key)
    entries = _entries(config.body)
    page = list(enumerate(entries))[start : start + limit]
    more = start + limit < len(entries)
    by_index = faults_by_index(config.faults)
    return {
        "config": f"s3://{bucket.name}/{config_key}",
        "version": config.version,
        "valid": config.jobs is not None,
        "faults": config.faults,
        "items": [
            {**_shown(index, entry, by_index.get(index, [])), "table_manifest": manifest}
            for (index, entry), manifest in zip(page, _table_manifests(bucket, page), strict=True)
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


def _entries(body: bytes) -> list[Any]:
    """Return the entries of a config, usable or not, as far as it is a list at all."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    return document if isinstance(document, list) else []


def _shown(index: int, entry: Any, faults: list[str]) -> Body:
    fields = {name: entry[name] for name in FIELDS if name in entry} if isinstance(entry, dict) else {}
    extra = {name: entry[name] for name in entry if name not in FIELDS} if isinstance(entry, dict) else {}
    return {"index": index, **fields, "extra": extra, "faults": faults}
