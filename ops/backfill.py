"""`python -m ops backfill --stage <stage> --prefix <prefix>`: route files that were there before Sluice.

Each file without a row is announced to `object_created` as S3 would have done, ten a call. A file's identity
is the object's own, so that whatever is announced twice has one outcome. An interrupted run is repeated.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from chalicelib.settings import Settings
from ops.aws_session import locate, open_session
from ops.stages import Stage, environment_of, load_stage

EVENTS_PER_CALL = 10
PROGRESS_EVERY = 100


@dataclass(slots=True)
class Progress:
    """How far a run has come."""

    seen: int = 0
    known: int = 0
    queued: int = 0

    def show(self, end: str = "\r") -> None:
        """Write the counts over the line before."""
        text = f"{self.seen} seen, {self.known} known, {self.queued} queued"
        print(f"{text:60}", end=end, file=sys.stderr, flush=True)


def backfill(
    stage: Stage, session: Any, environment: Mapping[str, str], prefix: str, *, dry_run: bool
) -> Progress:
    """Announce every object below `prefix` of the landing bucket that has no row; return the counts."""
    progress, waiting, tables = Progress(), list[dict[str, Any]](), session.client("dynamodb")
    for found in _objects(session.client("s3"), Settings.from_environ(environment), prefix):
        progress.seen += 1
        if _has_row(tables, environment["CATALOG_TABLE"], found):
            progress.known += 1
        else:
            waiting.append(_event(environment["LANDING_BUCKET"], found))
        if len(waiting) == EVENTS_PER_CALL:
            progress.queued += _announce(stage, session, waiting, dry_run)
            waiting = []
        if progress.seen % PROGRESS_EVERY == 0:
            progress.show()
    progress.queued += _announce(stage, session, waiting, dry_run)
    progress.show("\n")
    return progress


def _objects(s3: Any, settings: Settings, prefix: str) -> Iterator[dict[str, Any]]:
    own = tuple(each for each in settings.own_outputs if each)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings.landing_bucket, Prefix=prefix)
    for page in pages:
        for found in page.get("Contents", []):
            if not found["Key"].startswith(own) and not found["Key"].endswith("/"):
                yield found


def _has_row(tables: Any, table: str, found: dict[str, Any]) -> bool:
    rows = tables.query(
        TableName=table,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": "file_key"},
        ExpressionAttributeValues={":key": {"S": found["Key"]}},
    )["Items"]
    etag = found["ETag"].strip('"')
    return any(row.get("etag", {}).get("S", "").strip('"') == etag for row in rows)


def _event(bucket: str, found: dict[str, Any]) -> dict[str, Any]:
    described = {"key": quote_plus(found["Key"]), "size": found["Size"], "eTag": found["ETag"].strip('"')}
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": found["LastModified"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "s3": {"bucket": {"name": bucket}, "object": described},
    }


def _announce(stage: Stage, session: Any, events: list[dict[str, Any]], dry_run: bool) -> int:
    if events and not dry_run:
        session.client("lambda").invoke(
            FunctionName=f"{stage.stack_name}-object_created",
            InvocationType="Event",
            Payload=json.dumps({"Records": events}).encode(),
        )
    return len(events)


def command(arguments: list[str]) -> int:
    """Backfill what `arguments` name."""
    parser = argparse.ArgumentParser(prog="python -m ops backfill", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--prefix", required=True, help="of the landing bucket, such as data/in/")
    parser.add_argument("--dry-run", action="store_true", help="count, and announce nothing")
    parser.add_argument("--profile")
    options = parser.parse_args(arguments)
    stage, session = load_stage(options.stage), open_session(options.profile)
    environment = environment_of(stage, locate(session))
    done = backfill(stage, session, environment, options.prefix, dry_run=options.dry_run)
    verb = "would be queued" if options.dry_run else "are queued"
    print(f"{done.queued} of {done.seen} files {verb}; {done.known} have their row already")
    return 0
