"""Table manifests: for every table, the objects that a Redshift COPY is to load.

One streamed listing of the landing bucket; entries go to scratch disk, so memory does not grow with the
bucket. A manifest is written only when its bytes changed, which a checksum in its metadata tells. What COPY
could not load, or would load twice, is left out: output that is not committed, markers, archived objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from json.encoder import encode_basestring as quoted
from typing import IO, Any, cast

from chalicelib.aws.bucket import S3_KEYS, Bucket, StoredObject
from chalicelib.aws.document_store import DocumentStore
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.listing_page import ListedObject
from chalicelib.deadline import remaining_ms_of
from chalicelib.errors import ConfigError
from chalicelib.keys import is_upload_under_way
from chalicelib.landing.config import JobConfig
from chalicelib.logs import emit_metrics, log
from chalicelib.settings import Settings
from chalicelib.tables.matching import TableMatcher
from chalicelib.tables.rendered import RenderedStream
from chalicelib.tables.spool import SEPARATOR, SpoolFull, TableSpool

FOLDER = "manifests/tables/"
CHECKSUM = "sluice-sha256"
MARGIN_MS = 30_000  # kept for writing the manifests
OBJECTS_BETWEEN_CLOCKS = 1000
HIDDEN = ("_", ".")
MESSAGE_LENGTH = 1000
COUNTED = ("written", "failed", "absent")
MORE = "give the function more ephemeral storage"
LISTINGS = 3  # at most, while other runs replace manifests meanwhile

Outcome = dict[str, Any]
Blocks = Callable[[], Iterator[bytes]]
ManifestBefore = StoredObject | Exception | None
"""A manifest as it was before the listing began, or why that could not be told."""


class ListingCutShort(Exception):  # noqa: N818 - an answer: time or scratch disk is nearly used up
    """The bucket could not be listed whole, so no manifest can be complete."""


@dataclass(frozen=True, slots=True)
class TableManifests:
    """The adapters and settings of the lane."""

    source: Bucket
    manifests: DocumentStore
    jobs: JobConfig
    settings: Settings


def write_table_manifests(lane: TableManifests, context: Any) -> Outcome:
    """Bring every table's manifest up to date and return what became of each; `context` is Lambda's, or None.

    A table that fails does not stop the others. Without tables to look for, or without the time to list the
    bucket, nothing is written and the message says why.
    """
    try:
        matcher = TableMatcher(lane.settings.table_names or _target_tables(lane.jobs))
    except ConfigError as error:
        return _result(207, f"TABLE_NAMES is empty and the job config has no answer: {error}", [])
    if not matcher.tables:
        return _result(200, "There are no tables: neither TABLE_NAMES nor the job config names one", [])
    try:
        outcomes = _all_up_to_date(lane, matcher, remaining_ms_of(context))
    except ListingCutShort as error:
        return _result(207, str(error), [])
    failed = sum(outcome["status"] == "failed" for outcome in outcomes)
    written = sum(outcome["status"] == "written" for outcome in outcomes)
    absent = [outcome["table"] for outcome in outcomes if outcome["status"] == "absent"]
    message = f"{written} of {len(outcomes)} manifests written, {failed} failed"
    message += f"; no file was ever found of {', '.join(absent)}"[:MESSAGE_LENGTH] if absent else ""
    return _result(207 if failed else 200, message, outcomes)


def manifest_key(table: str) -> str:
    """Return where a table's manifest lies in the landing bucket."""
    return f"{FOLDER}{table}.manifest"


def is_data(item: ListedObject, not_data: tuple[str, ...], config_key: str) -> bool:
    """Tell whether an object is something to load: not empty, committed, and nothing of Sluice's own.

    Spark, Hive and their like keep what is not committed, markers and checksums under names that begin with
    an underscore or a dot: `_temporary/`, `_SUCCESS`, `.part-0.crc`.
    """
    is_hidden = item.key.startswith(HIDDEN) or any("/" + mark in item.key for mark in HIDDEN)
    return item.size > 0 and not (is_hidden or item.key.startswith(not_data) or item.key == config_key)


def render_entry(bucket: str, key: str, size: int) -> bytes:
    """Return one entry of a Redshift manifest; `url` is not URL-encoded, as COPY wants it."""
    url = quoted(f"s3://{bucket}/{key}")
    return f'{{"url":{url},"mandatory":true,"meta":{{"content_length":{size}}}}}'.encode()


def render_manifest(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a manifest around its entries, which come as blocks of joined lines."""
    yield b'{"entries":['
    separator = b"\n"
    for block in blocks:
        yield separator
        yield block
        separator = SEPARATOR
    yield b"]}" if separator == b"\n" else b"\n]}"


def _target_tables(jobs: JobConfig) -> list[str]:
    return [job.target_table for job in jobs.revalidate().all]


def _all_up_to_date(
    lane: TableManifests, matcher: TableMatcher, remaining_ms: Callable[[], float]
) -> list[Outcome]:
    """Bring every table up to date; list again for those that another run replaced since the listing began.

    Nobody knows which of the two listings is the newer one, so the other's manifest may lack what ours has.
    """
    outcomes = _listed_once(lane, matcher, matcher.tables, remaining_ms)
    for _ in range(LISTINGS - 1):
        overtaken = [table for table in outcomes if outcomes[table]["status"] == "superseded"]
        if overtaken:
            with suppress(ListingCutShort):  # they stay as the other run left them
                outcomes |= _listed_once(lane, matcher, overtaken, remaining_ms)
    return [outcomes[table] for table in matcher.tables]


def _listed_once(
    lane: TableManifests,
    matcher: TableMatcher,
    tables: Iterable[str],
    remaining_ms: Callable[[], float],
) -> dict[str, Outcome]:
    """List the bucket once for these tables; the largest is left out where the scratch disk is too small."""
    before = {table: _manifest_before(lane.source, table) for table in tables}  # older than the listing
    try:
        spool = TableSpool()
    except SpoolFull as error:
        raise ListingCutShort(
            f"The scratch disk takes no file ({error}); nothing was written: {MORE}"
        ) from None
    with spool:
        try:
            archived = _spool_entries(lane, matcher, before, spool, remaining_ms)
        except SpoolFull as error:
            largest = max(spool.counts, key=spool.counts.__getitem__)
            full = _failed(
                largest, spool.counts[largest], f"its entries fill the scratch disk ({error}): {MORE}"
            )
        else:
            return {
                table: _brought_up_to_date(lane, table, before[table], spool) | {"archived": archived[table]}
                for table in before
            }
    others = [table for table in before if table != largest]
    return {largest: full} | _listed_once(lane, matcher, others, remaining_ms)


def _manifest_before(bucket: Bucket, table: str) -> ManifestBefore:
    try:
        return bucket.head(manifest_key(table))
    except AWS_ERRORS as error:  # of this table alone
        return error


def _spool_entries(
    lane: TableManifests,
    matcher: TableMatcher,
    tables: Container[str],
    spool: TableSpool,
    remaining_ms: Callable[[], float],
) -> Counter[str]:
    """Spool the entry of every object to load; return how many archived ones each table has besides."""
    not_data = tuple(prefix for prefix in lane.settings.own_outputs if prefix)
    archived = Counter[str]()
    for count, item in enumerate(lane.source.list_objects("")):
        if count % OBJECTS_BETWEEN_CLOCKS == 0 and remaining_ms() < MARGIN_MS:
            raise ListingCutShort(f"Time was up after listing {count} objects; nothing was written")
        table = matcher.table_of(item.key)
        if table is None or table not in tables or not is_data(item, not_data, lane.settings.config_key):
            continue
        if is_upload_under_way(lane.settings, item.key):
            continue
        if item.is_archived:
            archived[table] += 1
        else:
            spool.add(table, render_entry(lane.source.name, item.key, item.size))
    spool.finish()
    return archived


def _brought_up_to_date(
    lane: TableManifests, table: str, before: ManifestBefore, spool: TableSpool
) -> Outcome:
    key, files = manifest_key(table), spool.counts[table]
    try:
        if isinstance(before, Exception):
            raise before
        status = _replace_if_changed(lane.manifests, key, before, partial(spool.blocks, table), files)
    except AWS_ERRORS as error:
        return _failed(table, files, str(error))
    except OSError as error:
        return _failed(table, files, f"the scratch disk did not give its entries back ({error}): {MORE}")
    outcome = {"table": table, "manifest": key, "files": files, "status": status}
    log.info("table manifest", extra={"bucket": lane.manifests.name, **outcome, "outcome": status})
    return outcome


def _failed(table: str, files: int, reason: str) -> Outcome:
    key = manifest_key(table)
    log.error("manifest not written", extra={"key": key, "error": reason})
    return {"table": table, "manifest": key, "files": files, "status": "failed", "reason": reason}


def _replace_if_changed(
    store: DocumentStore, key: str, before: StoredObject | None, blocks: Blocks, files: int
) -> str:
    if before is None and not files:
        return "absent"
    body = RenderedStream(lambda: render_manifest(blocks()))
    if before and before.metadata.get(CHECKSUM) == body.checksum and _may_hold(before, body):
        return "unchanged"
    etag = before.etag if before else ""
    properties = {"Metadata": {CHECKSUM: body.checksum}, "ContentType": "application/json"}
    written = store.replace(key, cast("IO[bytes]", body), etag, **properties)
    return "written" if written else "superseded"


def _may_hold(found: StoredObject, body: RenderedStream) -> bool:
    """Tell whether a manifest may be the one rendered: whoever writes there can copy our metadata."""
    return found.etag == body.etag or found.encryption not in S3_KEYS


def _result(status: int, message: str, outcomes: list[Outcome]) -> Outcome:
    tell = log.info if status == 200 else log.error
    tell("table manifests", extra={"reason": message, "status": status})
    counts = {name: sum(one["status"] == name for one in outcomes) for name in COUNTED}
    emit_metrics("table_manifests", {**counts, "errors": int(status != 200)})
    return {"statusCode": status, "message": message, "manifests": outcomes}
